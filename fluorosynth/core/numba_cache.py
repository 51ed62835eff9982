"""Where compiled loops are kept: a folder that can be written, and by nobody else.

What numba keeps is unpickled when it is read again, so a folder that others write to runs their
code. Chosen before numba is imported, since it reads the environment then.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def choose_cache() -> None:
    """Point numba and matplotlib to a private folder where their own places cannot be used.

    The user's ``NUMBA_CACHE_DIR`` counts where it is safe. Numba's own place is beside the source;
    a package that another user installed has none, nor has a user without home.
    """
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given and _is_private(Path(given)):
        return
    if given or not _writable(_PACKAGE / "core" / "__pycache__"):
        folder = private_folder()
        if folder is not None:
            os.environ["NUMBA_CACHE_DIR"] = str(folder)
            os.environ.setdefault("MPLCONFIGDIR", str(folder / "matplotlib"))


def load_numba() -> None:
    """Import numba without SciPy, cffi and YAML, which cost more than numba itself.

    No loop here uses them. For a process of our own: numba keeps in mind that there are none.
    """
    hidden = [name for name in ("scipy", "cffi", "yaml") if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:  # what asks for them, when the first loop is loaded
        import numba.core.typing.cffi_utils
        import numba.np.arraymath  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]


def private_folder() -> Path | None:
    """Return a folder of this user's own, made if missing; None where there is no place for one.

    It lies in ``$XDG_CACHE_HOME`` or ``~/.cache``, else with the temporary files.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    home = Path(base) if Path(base).is_absolute() else Path("~/.cache").expanduser()
    name = f"fluorosynth-{os.getuid()}" if hasattr(os, "getuid") else "fluorosynth-numba"
    places = [home / "fluorosynth" / "numba"]
    for temporary in dict.fromkeys([tempfile.gettempdir(), "/dev/shm"]):  # noqa: S108
        places.append(Path(temporary) / name)
    for place in places:
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if _is_private(place) and _writable(place):
            return place
    try:
        return Path(tempfile.mkdtemp(prefix=f"{name}-"))
    except OSError:
        return None


def _is_private(folder: Path) -> bool:
    """Tell whether only this user, or root, can have put files there; what is not there can be."""
    try:
        state = folder.lstat()
    except FileNotFoundError:
        parent = folder.parent
        return parent != folder and (parent.is_dir() or _is_private(parent))
    except OSError:
        return False
    if not hasattr(os, "getuid"):
        return True
    others = stat.S_IWGRP | stat.S_IWOTH
    real = stat.S_ISDIR(state.st_mode) and not state.st_mode & others
    return real and state.st_uid in (0, os.getuid())


def _writable(folder: Path) -> bool:
    place = folder if folder.exists() else folder.parent
    return os.access(place, os.W_OK | os.X_OK)


def damaged_cache(error: BaseException) -> Path | None:
    """Return the folder of compiled loops whose reading raised an error; None for other errors.

    Parameters
    ----------
    error
        Error, with those that it was raised from.
    """
    seen: BaseException | None = error
    while seen is not None:
        trace = seen.__traceback__
        while trace is not None:
            frame = trace.tb_frame
            if frame.f_code.co_filename.endswith(str(Path("numba", "core", "caching.py"))):
                folder = getattr(frame.f_locals.get("self"), "_cache_path", None)
                if folder is not None:
                    return Path(folder)
            trace = trace.tb_next
        seen = seen.__cause__ or seen.__context__
    return None
