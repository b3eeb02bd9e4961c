import "./snippet-list.css";
import { useEffect, useRef } from "preact/hooks";
import type { Snippet } from "../api/types.ts";
import { classNames } from "../ui/class-names.ts";
import { words } from "../words/words.ts";

type Props = { id: string; snippets: Snippet[]; active: number; onChoose: (snippet: Snippet) => void };

/** The snippets that fit what stands behind the slash. The field keeps the focus, and says which one is active. */
export function SnippetList({ id, snippets, active, onChoose }: Props) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => list.current?.children[active]?.scrollIntoView({ block: "nearest" }), [active]);
  return (
    <div ref={list} id={id} class="snippets" role="listbox" aria-label={words.composer.snippets.label}>
      {snippets.map((snippet, at) => (
        // The keyboard is the field's: arrows, Enter and Escape.
        // biome-ignore lint/a11y/useKeyWithClickEvents: see above
        // biome-ignore lint/a11y/useFocusableInteractive: the field names the active one
        <div
          key={snippet.sid}
          id={optionId(id, at)}
          role="option"
          aria-selected={at === active}
          class={classNames("snippet", at === active && "snippet-active")}
          // The field would lose the focus.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onChoose(snippet)}
        >
          <span class="snippet-name">/{snippet.name}</span>
          <span class="snippet-body truncate">{snippet.body}</span>
        </div>
      ))}
    </div>
  );
}

export function optionId(id: string, at: number): string {
  return `${id}-${at}`;
}
