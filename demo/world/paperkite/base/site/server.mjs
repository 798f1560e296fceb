// Serves the documentation pages. No dependencies, no build step.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

export function createSite(root) {
  return createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://site').pathname);
    const file = join(root, path.endsWith('/') ? `${path}index.html` : path);
    const body = file.startsWith(root + sep) ? await readFile(file).catch(() => undefined) : undefined;
    if (body === undefined) {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('There is no such page.\n');
      return;
    }
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(body);
  });
}

const here = fileURLToPath(import.meta.url);
if (process.argv[1] === here) {
  const port = Number(process.env.PORT ?? 4173);
  createSite(join(here, '..', 'pages')).listen(port, () => console.log(`http://localhost:${port}`));
}
