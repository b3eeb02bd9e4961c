import { expect, it } from "vitest";
import { joinDrafts } from "../../src/composer/restore.ts";
import { LINE } from "../support/answers.ts";

const file = (name: string) => ({ name, type: "image/png", size: 1, blob: new Blob(["a"]) });

it("puts a text before what has been begun", () => {
  const first = { body: "Sunday?", author: LINE, files: [file("roof.png")] };
  expect(joinDrafts(first, null)).toBe(first);
  const joined = joinDrafts(first, { body: "And", author: null, files: [file("door.png")] });
  expect(joined).toMatchObject({ body: "Sunday?\nAnd", author: LINE });
  expect(joined.files.map(({ name }) => name)).toEqual(["roof.png", "door.png"]);
  expect(joinDrafts({ body: "", author: null, files: [] }, first)).toMatchObject({ body: "Sunday?", author: LINE });
});
