// What can stand between a browser and a server: a line that can be cut at the worst moment, and other sites.
import http from "node:http";

const listen = async (handler) => {
  const server = http.createServer(handler);
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = () => new Promise((done) => (server.close(done), server.closeAllConnections()));
  return { port, origin: `http://127.0.0.1:${port}`, close };
};

/**
 * A line to the server, which keeps `Host`. `harm` says for each request what becomes of it:
 * `cut` loses the answer after the server gave it, `lost` the request before the server gets it, `busy` is
 * an answer of something in between, and a function may change the headers of the answer.
 */
export const line = (target, harm = (_request) => undefined) =>
  listen((request, response) => {
    const { hostname, port } = new URL(typeof target === "string" ? target : target());
    const what = harm(request);
    if (what === "lost") return request.socket.destroy();
    if (what === "busy") {
      request.resume();
      return response.writeHead(503, { "retry-after": "1" }).end();
    }
    const { method, url: path, headers } = request;
    const onward = http.request({ hostname, port, method, path, headers, agent: false }, (answer) => {
      // The server has committed by now; the browser hears nothing.
      if (what === "cut") return answer.resume().on("end", () => request.socket.destroy());
      const kept = typeof what === "function" ? what({ ...answer.headers }) : answer.headers;
      // A browser asks once more by itself where a kept connection was cut: so keep none.
      response.writeHead(answer.statusCode ?? 502, { ...kept, connection: "close" });
      answer.pipe(response);
    });
    onward.on("error", () => request.socket.destroy());
    request.pipe(onward);
  });

/** Another site, with a page for each path. */
export const site = (pages) =>
  listen((request, response) => {
    const page = pages[new URL(request.url ?? "", "http://site").pathname];
    response.writeHead(page ? 200 : 404, { "content-type": "text/html; charset=utf-8" }).end(page ?? "");
  });
