import { describe, expect, it } from "vitest";
import type { Line } from "../../src/api/types.ts";
import { filesOf, limitsOf, problemOf, refusalOf, stage } from "../../src/composer/staging.ts";

const MB = 1024 * 1024;
const file = (name: string, type: string, size = 1000) => ({ name, type, size });
const LIMITS = { files: 10, bytes: MB };

describe("a file that cannot be sent", () => {
  it.each([
    [file("page.html", "text/html"), "page.html cannot be sent: web pages and programs are refused."],
    [file("page.HTM", ""), "page.HTM cannot be sent: web pages and programs are refused."],
    [file("logo.svg", "image/svg+xml"), "logo.svg cannot be sent: web pages and programs are refused."],
    [file("setup.exe", "application/octet-stream"), "setup.exe cannot be sent: web pages and programs are refused."],
    [file("nothing.pdf", "application/pdf", 0), "nothing.pdf is empty."],
    [file("roof.jpg", "image/jpeg", 5 * MB), "roof.jpg is too large: 5.2 MB, and at most 4.2 MB can be sent."],
  ])("%o", (given, reason) => {
    expect(refusalOf(given)).toBe(reason);
  });

  it("leaves the others", () => {
    const staged = stage([new File(["a"], "a.pdf", { type: "application/pdf" }), new File(["b"], "b.html")]);
    expect(staged.files.map(({ name }) => name)).toEqual(["a.pdf"]);
    expect(staged.refusals).toHaveLength(1);
  });
});

describe("files together", () => {
  it("are as many as the strictest line takes", () => {
    const lines = [
      { max_files: 10, max_group_files: 1, max_files_bytes: 5 * MB },
      { max_files: 10, max_group_files: 10, max_files_bytes: MB },
    ] as Line[];
    expect(limitsOf(lines, true)).toEqual({ files: 1, bytes: MB });
    expect(limitsOf(lines, false)).toEqual({ files: 10, bytes: MB });
    const two = [file("a.jpg", "image/jpeg"), file("b.jpg", "image/jpeg")];
    expect(problemOf(two, limitsOf(lines, true))).toBe("At most 1 file goes with a text of this line.");
    expect(problemOf(two, limitsOf(lines, false))).toBeNull();
    expect(limitsOf([], true)).toEqual({ files: 10, bytes: Number.POSITIVE_INFINITY });
  });

  it("may be large pictures, which are scaled down, but no other large files", () => {
    const picture = file("roof.jpg", "image/jpeg", 3 * MB);
    expect(problemOf([picture, picture], LIMITS)).toBeNull();
    expect(problemOf([file("plan.pdf", "application/pdf", 1.2 * MB)], LIMITS)).toBe(
      "These files are too large together: this line's carrier takes 1.0 MB at most.",
    );
    const nearly = file("plan.pdf", "application/pdf", MB - 10_000);
    expect(problemOf([nearly, file("small.png", "image/png", 9_000)], LIMITS)).toBeNull();
    expect(problemOf([nearly, picture], LIMITS)).not.toBeNull();
  });
});

describe("a paste", () => {
  const picture = new File(["a"], "image.png", { type: "image/png" });
  const paste = (...types: string[]) => ({ types, files: [picture] as unknown as FileList });

  it.each([
    ["a picture of a page", paste("text/html", "Files"), 1],
    ["a picture of the screen", paste("Files"), 1],
    ["a file, with its name", paste("text/plain", "Files"), 1],
    ["a text of an office program, with a picture of it", paste("text/plain", "text/html", "Files"), 0],
    ["nothing", null, 0],
  ])("of %s", (_, pasted, count) => {
    expect(filesOf(pasted)).toHaveLength(count);
  });
});
