import { expect, test } from "vitest";
import { LIMITS, measureFirstLoad, problemsOf } from "../../build/first-load.ts";

const PAGE = `
  <link rel="icon" href="./icon.svg">
  <script type="module" crossorigin src="./assets/index-1.js"></script>
  <link rel="modulepreload" crossorigin href="./assets/shared-2.js">
  <link rel="stylesheet" crossorigin href="./assets/index-3.css">`;
const FILES = [
  { name: "index.html", gzipSize: 300 },
  { name: "icon.svg", gzipSize: 200 },
  { name: "assets/index-1.js", gzipSize: 40_000 },
  { name: "assets/shared-2.js", gzipSize: 20_000 },
  { name: "assets/index-3.css", gzipSize: 5_000 },
  { name: "assets/lazy-4.js", gzipSize: 90_000 },
  { name: "assets/lazy-5.css", gzipSize: 9_000 },
];

test("what the page names is the first load, and what is loaded later is not", () => {
  expect(measureFirstLoad(PAGE, FILES)).toEqual({ scriptBytes: 60_000, styleBytes: 5_000, requests: 5 });
});

test("a page that names what is not there is refused", () => {
  expect(() => measureFirstLoad(PAGE, FILES.slice(0, 3))).toThrow("assets/shared-2.js");
  expect(() => measureFirstLoad("", FILES)).toThrow();
});

test("each limit is kept by itself", () => {
  expect(problemsOf(LIMITS)).toEqual([]);
  for (const name of ["scriptBytes", "styleBytes", "requests"] as const) {
    const [problem, ...more] = problemsOf({ ...LIMITS, [name]: LIMITS[name] + 1 });
    expect(problem).toContain(`${LIMITS[name] + 1}`);
    expect(more).toEqual([]);
  }
});
