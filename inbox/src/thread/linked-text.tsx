import { splitLinks } from "./links.ts";
import { useRowTab } from "./row-tab.ts";

/** A text with its addresses as links. */
export function LinkedText({ text }: { text: string }) {
  const tabIndex = useRowTab();
  return (
    <>
      {splitLinks(text).map((part, at) =>
        part.href ? (
          <a key={at} href={part.href} target="_blank" rel="noreferrer noopener" tabIndex={tabIndex}>
            {part.text}
          </a>
        ) : (
          part.text
        ),
      )}
    </>
  );
}
