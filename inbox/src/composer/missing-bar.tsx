import type { PhoneNumber, Sid } from "../api/types.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { words } from "../words/words.ts";
import { useNewFromThis } from "./new-from-this.ts";
import type { Missing } from "./situation.ts";

type Props = { conversation: Sid; missing: Missing[]; left: number; nameOf: (number: PhoneNumber) => string };

/** Above the field: who gets nothing of what is written, and a new conversation without them. */
export function MissingBar({ conversation, missing, left, nameOf }: Props) {
  const startFromThis = useNewFromThis(conversation);
  if (missing.length === 0) return null;
  const say = words.composer.missing;
  const namesOf = (reason: Missing["reason"]) =>
    missing.filter((one) => one.reason === reason).map(({ number }) => nameOf(number));
  const optedOut = namesOf("opted-out");
  const undisturbed = namesOf("do-not-disturb");
  const numbers = missing.map(({ number }) => number);
  return (
    <div class="composer-notice" role="note">
      <Icon name="alert" />
      <p class="composer-bar-text">
        {optedOut.length > 0 && say.optedOut(optedOut)} {undisturbed.length > 0 && say.doNotDisturb(undisturbed)}
      </p>
      {startFromThis && (
        <Button kind="quiet" onClick={() => startFromThis(numbers)}>
          {say.newWithout(numbers.map(nameOf), left > 1)}
        </Button>
      )}
    </div>
  );
}
