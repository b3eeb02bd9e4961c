/** Build the service worker: one script without imports, since not every browser takes modules there. */

import { build, type Plugin } from "vite";

const ENTRY = "src/worker/worker.ts";
/** Beside the page, whose folder is the worker's scope. Browsers look under this name whether there is a new one. */
const NAME = "sw.js";

/** A plugin that adds the worker to a build, and serves it in development. */
export function serviceWorker(): Plugin {
  let root = "";
  return {
    name: "service-worker",
    configResolved(config) {
      root = config.root;
    },
    async generateBundle() {
      this.emitFile({ type: "asset", fileName: NAME, source: await bundle(root) });
    },
    configureServer(server) {
      server.middlewares.use(`/${NAME}`, (_request, response, next) => {
        const send = (code: string) => response.setHeader("Content-Type", "text/javascript").end(code);
        bundle(root).then(send, next);
      });
    },
  };
}

async function bundle(root: string): Promise<string> {
  const built = await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: "warn",
    build: { write: false, target: "es2024", lib: { entry: ENTRY, formats: ["iife"], name: "worker" } },
  });
  const [result] = Array.isArray(built) ? built : [built];
  const script = result && "output" in result ? result.output[0] : null;
  if (!script) throw new Error(`${ENTRY} was not built`);
  return script.code;
}
