import { useEffect, useRef } from "preact/hooks";
import type { CachedMessage } from "../api/message-window.ts";
import { tapbackOf } from "../api/tapbacks.ts";
import { describeReaction } from "../format/reaction.ts";
import { announce } from "../ui/announcer.tsx";
import { useVisible } from "../ui/use-visible.ts";
import { words } from "../words/words.ts";
import { isOurs, type People, writerName } from "./people.ts";

/** More than so many at once are counted, not read out. */
const MOST = 3;

/** Have a screen reader say the texts of others that come while the thread is shown. */
export function useAnnouncements(messages: CachedMessage[] | undefined, people: People, isAtEnd: boolean): void {
  const isVisible = useVisible();
  const said = useRef<number | null>(null);
  useEffect(() => {
    if (!messages || !isAtEnd) return;
    const before = said.current;
    said.current = Math.max(before ?? -1, messages.at(-1)?.index ?? -1);
    if (before === null || !isVisible) return;
    const news = messages.filter((message) => message.index > before && !isOurs(people, message));
    const text = textOf(news, people);
    if (text) announce(text);
  }, [messages, people, isAtEnd, isVisible]);
}

function textOf(news: CachedMessage[], people: People): string {
  if (news.length > MOST) return words.thread.newBelow(news.length);
  return news.map((message) => words.thread.announced(writerName(people, message), wordsOf(message))).join(" ");
}

function wordsOf(message: CachedMessage): string {
  const tapback = tapbackOf(message);
  return (tapback && describeReaction(tapback)) || message.body || words.list.file;
}
