import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { serviceWorker } from "./build/service-worker.ts";

/**
 * A development server passes the API on to a running local stack, as if its own page asked (README.md).
 * Relative addresses throughout: the stage (`/prod`) is part of the path on AWS.
 */
const stack = process.env.STACK ?? "http://127.0.0.1:8080";
const passedOn = { target: stack, changeOrigin: true, headers: { origin: stack } };

/**
 * Nothing is painted before the app has run, which knows the theme that the person has chosen: a dark page would flash
 * white first. There is nothing to see without the app either.
 */
const paintWithTheme: Plugin = {
  name: "paint-with-theme",
  transformIndexHtml: {
    order: "post",
    handler: (page) => page.replace('<script type="module"', '<script type="module" blocking="render"'),
  },
};

export default defineConfig({
  base: "./",
  plugins: [paintWithTheme, serviceWorker()],
  // For the one library that asks for React: the combobox.
  resolve: { alias: { react: "preact/compat", "react-dom": "preact/compat" } },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2024",
    assetsInlineLimit: 0, // a data: URL would need a wider policy for contents
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What the first load needs is one file; otherwise each thing that it shares with a later one is a file, too.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "first", tags: ["$initial"] }] } } },
  },
  server: {
    host: "127.0.0.1", // the name under which the stack has set its cookie: cookies do not know ports
    fs: { allow: [".", "../clients/javascript"] },
    proxy: Object.fromEntries(["/v1", "/v2", "/media", "/session"].map((path) => [path, passedOn])),
  },
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "node",
    isolate: false, // a process for each file takes longer than its tests: they leave the modules as they found them
    testTimeout: 120_000, // on a machine that runs every test at once, a seeded run takes its time
  },
});
