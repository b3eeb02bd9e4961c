import "./reaction-list.css";
import { words } from "../words/words.ts";
import { type People, writerName } from "./people.ts";
import { groupReactions, type Reaction } from "./reactions.ts";

/** The reactions below a bubble, each with who chose it. */
export function ReactionList({ reactions, people }: { reactions: Reaction[]; people: People }) {
  return (
    <ul class="reactions" aria-label={words.thread.reactions}>
      {groupReactions(reactions).map(({ emoji, authors }) => {
        const names = authors.map((author) => writerName(people, { author, written_by: null })).join(", ");
        return (
          <li key={emoji} class="reaction" title={names}>
            <span>{emoji}</span>
            {authors.length > 1 && <span aria-hidden="true">{authors.length}</span>}
            <span class="visually-hidden">{names}</span>
          </li>
        );
      })}
    </ul>
  );
}
