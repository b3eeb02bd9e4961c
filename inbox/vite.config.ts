import { defineConfig } from "vitest/config";

/**
 * A development server passes the API on to a running local stack: `STACK=http://127.0.0.1:8080 npm run dev`.
 * Relative addresses throughout: the stage (`/prod`) is part of the path on AWS.
 */
const stack = process.env.STACK ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "./",
  // For the one library that asks for React: the combobox.
  resolve: { alias: { react: "preact/compat", "react-dom": "preact/compat" } },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2024",
    assetsInlineLimit: 0, // a data: URL would need a wider policy for contents
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    fs: { allow: [".", "../clients/javascript"] },
    // The stack accepts requests to itself and from its own pages only.
    proxy: Object.fromEntries(
      ["/v1", "/v2", "/media", "/session"].map((path) => [
        path,
        { target: stack, changeOrigin: true, headers: { origin: stack } },
      ]),
    ),
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
