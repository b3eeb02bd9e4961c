/** The rejected rows of an import, as a file that can be mended and imported again. */

import type { Sid } from "../api/types.ts";
import { API_URL, accessToken } from "../session/session.ts";
import { parseAfter } from "./parts.ts";

/** Have the browser save the rows, all parts in one file. */
export async function downloadRejected(contactImport: Sid): Promise<void> {
  const parts: string[] = [];
  let after: string | null = "";
  while (after !== null) {
    const query: string = after ? `?After=${encodeURIComponent(after)}` : "";
    const answer: Response = await fetch(`${API_URL}/v1/Contacts/Imports/${contactImport}/Rejected${query}`, {
      headers: { Authorization: `Bearer ${await accessToken()}` },
    });
    if (!answer.ok) throw new Error(`${answer.status}`);
    parts.push(await answer.text());
    after = parseAfter(answer.headers.get("Link"));
  }
  save(new Blob(parts, { type: "text/csv" }), "rejected.csv");
}

function save(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
