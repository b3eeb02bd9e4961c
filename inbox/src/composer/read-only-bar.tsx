import type { PhoneNumber, Sid } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { words } from "../words/words.ts";
import { useNewFromThis } from "./new-from-this.ts";
import type { Missing, Situation } from "./situation.ts";

type Props = {
  conversation: Sid;
  situation: Exclude<Situation, { kind: "open" }>;
  nameOf: (number: PhoneNumber) => string;
  onNote: () => void;
};

/** In the place of the field: why no text can be written, and what can be done instead. */
export function ReadOnlyBar({ conversation, situation, nameOf, onNote }: Props) {
  const startFromThis = useNewFromThis(conversation);
  return (
    <div class="composer-bar" role="note">
      <Icon name={situation.kind === "closed" ? "lock" : "block"} />
      <p class="composer-bar-text">{reasonOf(situation, nameOf)}</p>
      <span class="composer-bar-actions">
        {startFromThis && (situation.kind === "closed" || situation.kind === "too-large") && (
          <Button onClick={() => startFromThis([])}>{words.composer.newFromThis}</Button>
        )}
        <Button kind="quiet" onClick={onNote}>
          {words.composer.writeNote}
        </Button>
      </span>
    </div>
  );
}

function reasonOf(situation: Props["situation"], nameOf: Props["nameOf"]): string {
  const say = words.composer.readOnly;
  switch (situation.kind) {
    case "closed":
      return say.closed;
    case "no-permission":
      return say.noPermission;
    case "no-member":
      return say.noMember;
    case "no-line":
      return say.noLine(situation.numbers.map(formatPhone));
    case "too-large":
      return say.tooLarge(carrierName(situation.carrier), situation.limit, situation.count);
    case "nobody-left":
      return nobodyLeft(situation.missing, nameOf);
  }
}

function nobodyLeft(missing: Missing[], nameOf: Props["nameOf"]): string {
  const say = words.composer.readOnly.nobodyLeft;
  const names = missing.map(({ number }) => nameOf(number));
  if (missing.every(({ reason }) => reason === "opted-out")) return say.optedOut(names);
  return missing.every(({ reason }) => reason === "do-not-disturb") ? say.doNotDisturb(names) : say.mixed(names);
}

function carrierName(carrier: string): string {
  return carrier.charAt(0).toUpperCase() + carrier.slice(1);
}
