import { createServer, type IncomingHttpHeaders } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { notifierFor } from "../../src/notify/notify.ts";

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await new Promise((done) => server.close(done));
});

const news = { title: "run nov25 — ended", text: "val_bpb: +0.1", mood: "good" } as const;

/** What was posted to a server that answers `status`. */
async function posted(status: number) {
  const requests: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    requests.push({ path: request.url ?? "", headers: request.headers, body });
    response.writeHead(status).end();
  });
  return { requests, at: `127.0.0.1:${await listening(server)}` };
}

function listening(server: Server): Promise<number> {
  open.push(server);
  return new Promise((done) => {
    server.listen(0, "127.0.0.1", () => done((server.address() as AddressInfo).port));
  });
}

test("a web hook gets the news as JSON, Slack its text, ntfy a title in its header", async () => {
  const { requests, at } = await posted(200);
  await notifierFor(`http://${at}/hook`)(news);
  await notifierFor(`slack+http://${at}/services/x`)(news);
  await notifierFor(`ntfy+http://${at}/topic`)(news);
  expect(JSON.parse(requests[0]?.body ?? "")).toEqual(news);
  expect(JSON.parse(requests[1]?.body ?? "")).toEqual({ text: "*run nov25 — ended*\nval_bpb: +0.1" });
  expect(requests[2]).toMatchObject({ path: "/topic", body: news.text });
  expect(requests[2]?.headers.title).toBe("run nov25 ? ended");
});

test("a hook that refuses, or is not there, is an error that names its host and keeps its path to itself", async () => {
  const { at } = await posted(403);
  await expect(notifierFor(`http://${at}/secret`)(news)).rejects.toThrow(`${at} answered 403`);
  await expect(notifierFor("http://127.0.0.1:9/secret")(news)).rejects.not.toThrow(/secret/);
});

test("mail goes to the given address over SMTP", async () => {
  const lines: string[] = [];
  const server = createTcpServer((socket) => {
    let isData = false;
    socket.write("220 test\r\n");
    socket.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.split("\r\n").slice(0, -1)) {
        lines.push(line);
        const isInside = isData && line !== ".";
        isData = isInside || line === "DATA";
        if (!isInside) socket.write(isData ? "354 go\r\n" : "250 ok\r\n");
      }
    });
  });
  const port = await listening(server);
  await notifierFor(`smtp://127.0.0.1:${port}/?to=you@example.org&from=lab@example.org`)(news);
  expect(lines).toContain("RCPT TO:<you@example.org>");
  expect(lines.some((line) => line.startsWith("Subject: ") && line.includes("nov25"))).toBe(true);
});

test("what is no place to send to is said at once, with what would be", () => {
  expect(() => notifierFor("my-topic")).toThrow(/my-topic is no place/);
  expect(() => notifierFor("smtps://host/")).toThrow(/somebody to go to/);
});
