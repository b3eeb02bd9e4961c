import { Fragment } from "preact";
import { useContext } from "preact/hooks";
import { splitLinks } from "./links.ts";
import { useRowTab } from "./row-tab.ts";
import { SearchedWords } from "./searched-words.ts";
import { findMatches } from "./text-matches.ts";

/** A text with its addresses as links, and with what was searched for marked. */
export function LinkedText({ text }: { text: string }) {
  const tabIndex = useRowTab();
  return (
    <>
      {splitLinks(text).map((part, at) =>
        part.href ? (
          <a key={at} href={part.href} target="_blank" rel="noreferrer noopener" tabIndex={tabIndex}>
            <MarkedText text={part.text} />
          </a>
        ) : (
          <MarkedText key={at} text={part.text} />
        ),
      )}
    </>
  );
}

function MarkedText({ text }: { text: string }) {
  const matches = findMatches(text, useContext(SearchedWords));
  if (matches.length === 0) return <>{text}</>;
  return (
    <>
      {matches.map(({ start, end }, at) => (
        <Fragment key={start}>
          {text.slice(matches[at - 1]?.end ?? 0, start)}
          <mark class="text-match">{text.slice(start, end)}</mark>
        </Fragment>
      ))}
      {text.slice(matches.at(-1)?.end ?? 0)}
    </>
  );
}
