import type { ComponentChild, RefObject } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { useSnippets } from "../api/queries.ts";
import type { Snippet } from "../api/types.ts";
import { announce } from "../ui/announcer.tsx";
import { showToast } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";
import { optionId, SnippetList } from "./snippet-list.tsx";
import { findSlashWord, matching, type SlashWord } from "./snippet-search.ts";

const NONE: Snippet[] = [];

/** What the field needs of it. */
export type SnippetField = {
  /** Tell it what stands where, after each change of the text or of the cursor. */
  onCursor: (field: HTMLTextAreaElement) => void;
  /** Returns whether a key was for the list. */
  onKey: (event: KeyboardEvent) => boolean;
  onBlur: () => void;
  attributes: { "aria-controls"?: string; "aria-activedescendant"?: string };
};

/**
 * Snippets in a field: a slash at the beginning of a word offers those whose names begin with what follows it. Arrows
 * choose, Enter or Tab inserts, Escape leaves the slash alone.
 */
export function useSnippetField(input: RefObject<HTMLTextAreaElement>): {
  field: SnippetField;
  list: ComponentChild;
  open: () => void;
} {
  const id = useId();
  const [word, setWord] = useState<SlashWord | null>(null);
  const [left, setLeft] = useState<number | null>(null);
  const [active, setActive] = useState(0);
  const [isWanted, setWanted] = useState(false);
  const known = useSnippets(isWanted).data;
  const found = word && word.start !== left ? matching(known ?? NONE, word.name) : NONE;
  const isOpen = found.length > 0;
  const at = Math.min(active, found.length - 1);

  useEffect(() => {
    if (isOpen) announce(words.composer.snippets.found(found.length));
  }, [isOpen, found.length]);

  function look(field: HTMLTextAreaElement) {
    const hasSelection = field.selectionStart !== field.selectionEnd;
    const next = hasSelection ? null : findSlashWord(field.value, field.selectionStart);
    if (next) setWanted(true);
    if (next?.start !== left) setLeft(null);
    if (next?.name !== word?.name || next?.start !== word?.start) setActive(0);
    setWord(next);
  }

  function insert(snippet: Snippet) {
    const field = input.current;
    if (!field || !word) return;
    field.focus();
    replace(field, word.start, word.end, snippet.body);
    setWord(null);
  }

  function onKey(event: KeyboardEvent): boolean {
    if (!isOpen || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
    const last = found.length - 1;
    const chosen = found[at];
    if (event.key === "ArrowDown") setActive(at >= last ? 0 : at + 1);
    else if (event.key === "ArrowUp") setActive(at <= 0 ? last : at - 1);
    else if (event.key === "Escape") setLeft(word?.start ?? null);
    else if (chosen && !event.shiftKey && (event.key === "Enter" || event.key === "Tab")) insert(chosen);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  function open() {
    const field = input.current;
    if (!field) return;
    if (known?.length === 0) showToast(words.composer.snippets.none);
    field.focus();
    const { selectionStart: start, selectionEnd: end, value } = field;
    if (findSlashWord(value, start)) return;
    replace(field, start, end, start === 0 || /\s/.test(value[start - 1] ?? "") ? "/" : " /");
    setLeft(null);
  }

  return {
    field: {
      onCursor: look,
      onKey,
      onBlur: () => setWord(null),
      attributes: isOpen ? { "aria-controls": id, "aria-activedescendant": optionId(id, at) } : {},
    },
    list: isOpen && <SnippetList id={id} snippets={found} active={at} onChoose={insert} />,
    open,
  };
}

/** Replace a part of a field as if it was typed, so that it can be undone. */
function replace(field: HTMLTextAreaElement, start: number, end: number, text: string): void {
  field.setSelectionRange(start, end);
  // The one way into the history of a field.
  if (document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, start, end, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
