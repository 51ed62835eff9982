// Requests to the server; every path is relative, so that the secret in the address goes along.

async function answer(response) {
  const body = await response.json().catch(() => ({ error: `the server said ${response.status}` }));
  if (!response.ok) throw Object.assign(new Error(body.error ?? "refused"), { status: response.status });
  return body;
}

export const get = async (path) => answer(await fetch(path));

export const send = async (path, body = {}, method = "POST") =>
  answer(
    await fetch(path, {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
