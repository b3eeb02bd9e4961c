/** A text in parts, of which some are web addresses. Pure; what is not certain stays text. */

export type Part = { text: string; href?: string };

const ADDRESS = /\bhttps?:\/\/[^\s<>"]+/giu;
/** What makes an address read as another one: marks that turn its order around. */
const DISGUISE = /\p{Bidi_Control}/u;
const END = /[.,;:!?'")\]}…]+$/u;

/**
 * Split a text into words and links. Only http and https become links, and only addresses that lead where they seem to:
 * `https://bank.example@evil.example` leads to the latter.
 */
export function splitLinks(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const address = trimEnd(found[0]);
    const target = parse(address);
    if (!target) continue;
    if (found.index > at) parts.push({ text: text.slice(at, found.index) });
    parts.push({ text: address, href: target.href });
    at = found.index + address.length;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

function parse(address: string): URL | null {
  if (DISGUISE.test(address) || !URL.canParse(address)) return null;
  const url = new URL(address);
  return url.username || url.password ? null : url;
}

/** A sentence's end is not the address's, except for a bracket that the address has opened. */
function trimEnd(address: string): string {
  const end = END.exec(address);
  if (!end) return address;
  const bare = address.slice(0, end.index);
  return end[0].startsWith(")") && bare.includes("(") ? `${bare})` : bare;
}

/**
 * An emoji, by how Unicode's report 51 builds them: a flag, a keycap, or pictures that are joined. `\p{RGI_Emoji}` says
 * the same in a word, but it is a list of thousands: a browser prepares it for longer than a thread takes to be drawn.
 */
const ONE_PICTURE = String.raw`[\p{Emoji_Presentation}--\p{RI}]|[\p{Extended_Pictographic}&&\p{Emoji}](?=[\uFE0F\p{EMod}])`;
const PICTURE = String.raw`(?:${ONE_PICTURE})[\uFE0F\p{EMod}]?(?:[\u{E0020}-\u{E007E}]+\u{E007F})?`;
const EMOJI = String.raw`\p{RI}{2}|[0-9#*]\uFE0F\u20E3|${PICTURE}(?:\u200D${PICTURE})*`;
const FEW_EMOJI = new RegExp(String.raw`^(?:(?:${EMOJI})\s*){1,3}$`, "v");

/** Whether a text is one to three emoji and nothing else. */
export function isEmojiOnly(text: string): boolean {
  return FEW_EMOJI.test(text.trim());
}
