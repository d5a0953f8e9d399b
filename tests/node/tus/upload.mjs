// Uploads a photo with tus-js-client over a line that is cut once in the middle, and says which requests it took.
// Usage: node upload.mjs SERVER TOKEN FILE SHA256
import { readFileSync } from "node:fs";
import net from "node:net";
import { Upload } from "tus-js-client";

const [server, token, file, sha256] = process.argv.slice(2);
const photo = readFileSync(file);
const cutAfter = Math.floor(photo.length / 2);

// A line to the server that breaks after half of the photo, and holds from then on.
let passed = 0;
let isCut = false;
const line = net.createServer((near) => {
  const { hostname, port } = new URL(server);
  const far = net.connect(Number(port), hostname);
  near.on("data", (bytes) => {
    passed += bytes.length;
    far.write(bytes);
    if (!isCut && passed > cutAfter) {
      isCut = true;
      near.destroy();
      far.end();
    }
  });
  far.on("data", (bytes) => near.write(bytes));
  for (const [one, other] of [[near, far], [far, near]]) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.end());
  }
});
await new Promise((resolve) => line.listen(0, "127.0.0.1", resolve));

const requests = [];
const upload = new Upload(photo, {
  endpoint: `http://127.0.0.1:${line.address().port}/v1/photos/uploads`,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { sha256 },
  retryDelays: [100, 200, 400, 800, 1600, 3200],
  onBeforeRequest: (request) => {
    requests.push(`${request.getMethod()} ${request.getHeader("Upload-Offset") ?? ""}`.trim());
  },
  onError: (fault) => {
    console.error(String(fault));
    process.exit(1);
  },
  onSuccess: () => {
    console.log(JSON.stringify({ isCut, requests }));
    process.exit(0);
  },
});
upload.start();
