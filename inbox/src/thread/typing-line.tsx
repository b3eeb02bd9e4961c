import "./typing-line.css";
import type { Sid } from "../api/types.ts";
import { typingIn } from "../live/live.ts";
import { useUserNames } from "../person/user-names.ts";
import { typingText } from "./typing-text.ts";

/** Who is writing now. Its place is kept, so that nothing moves when it appears. */
export function TypingLine({ conversation }: { conversation: Sid }) {
  const nameOf = useUserNames();
  const text = typingText(typingIn(conversation).value.map(nameOf));
  return (
    <p class="typing">
      {text && (
        <>
          <span class="typing-dots" aria-hidden="true">
            <span />
            <span />
            <span />
          </span>
          <span class="truncate">{text}</span>
        </>
      )}
    </p>
  );
}
