from .course import Course as Course
from .frames import frames_of as frames_of
from .laws import Motion as Motion
