import "./inbox-screen.css";
import type { ComponentChildren } from "preact";
import { classNames } from "../ui/class-names.ts";
import { EmptyState } from "../ui/states.tsx";
import { words } from "../words/words.ts";
import { ConversationList } from "./conversation-list.tsx";
import { ListHeader } from "./list-header.tsx";

type Props = {
  selected: string | null;
  onNewMessage: () => void;
  onNewGroup: () => void;
  /** The thread of the selected conversation. */
  children?: ComponentChildren;
};

/** The list, and beside it the selected conversation; on a phone one of both. */
export function InboxScreen({ selected, onNewMessage, onNewGroup, children }: Props) {
  return (
    <main class={classNames("inbox-screen", selected !== null && "inbox-screen-thread")}>
      <section class="inbox-screen-list" aria-label={words.list.label}>
        <ListHeader onNewMessage={onNewMessage} onNewGroup={onNewGroup} />
        <ConversationList selected={selected} />
      </section>
      <div class="inbox-screen-main">
        {children ?? <EmptyState icon="message" title={words.list.choose} text={words.list.chooseText} />}
      </div>
    </main>
  );
}
