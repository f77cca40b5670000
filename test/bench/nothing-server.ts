export {};

/**
 * The floor of the watch figures: a server over TLS that keeps nothing and hands each body posted to all watchers, in a process of its own:
 * `bun nothing-server.ts PORT CERT KEY`. What it takes is the machine's and the client's share of the latency.
 */
const [port = '', cert = '', key = ''] = process.argv.slice(2);
const watchers = new Set<ReadableStreamDefaultController<Uint8Array>>();
const encoder = new TextEncoder();

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  idleTimeout: 0,
  tls: { cert: Bun.file(cert), key: Bun.file(key) },
  async fetch(request) {
    if (request.method === 'POST') {
      const event = encoder.encode(`{"type":"ADDED","object":${await request.text()}}\n`);
      for (const watcher of watchers) watcher.enqueue(event);
      return new Response('{}', { status: 201 });
    }
    let own: ReadableStreamDefaultController<Uint8Array>;
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        own = controller;
        controller.enqueue(encoder.encode('\n'));
        watchers.add(controller);
      },
      cancel: () => void watchers.delete(own),
    });
    return new Response(stream);
  },
});
