// Numbers as they are shown: on chips, in a row, and with what is known of them.

import { el } from "./dom.js";
import { capitalized, carrierOf, isLine, pretty, specialty } from "./numbers.js";

export const NO_LINE = "None of these numbers is one of your lines, so the inbox never gets these texts.";

/** A number to choose. The carrier of a line is said beside it, and here for who only hears the button. */
export function numberParts(number) {
  const about = specialty(number);
  return [
    pretty(number),
    about ? el("small", { class: "tag" }, about) : null,
    isLine(number) ? el("span", { class: "hidden" }, ` ${capitalized(carrierOf(number))}`) : null,
  ];
}

/** A number as one of the members of a thread. */
export function member(number) {
  const carrier = carrierOf(number);
  const about = carrier ? `${capitalized(carrier)} line` : specialty(number);
  return el(
    "span",
    { class: "chip still" },
    pretty(number),
    about ? el("small", { class: carrier ? `tag ${carrier}` : "tag" }, about) : null,
  );
}

/** Numbers in a row, of which none is broken over two lines. */
export function inRow(numbers) {
  return numbers.flatMap((number, place) => [place ? ", " : null, el("span", { class: "whole" }, pretty(number))]);
}
