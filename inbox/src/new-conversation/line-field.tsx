import type { Line } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";
import type { Kind } from "../navigation/new-conversation.ts";
import { SelectField } from "../ui/field.tsx";
import { words } from "../words/words.ts";

type Props = {
  kind: Kind;
  /** Those to choose from; undefined while they are being read. */
  lines: Line[] | undefined;
  isFailed: boolean;
  chosen: Line | undefined;
  onChoose: (address: string) => void;
};

/** The line to send from: a choice where there is one. */
export function LineField({ kind, lines, isFailed, chosen, onChoose }: Props) {
  const say = words.newConversation;
  if (isFailed) {
    return (
      <p class="field-error" role="alert">
        {say.noLines}
      </p>
    );
  }
  if (lines?.length === 0) {
    return (
      <p class="new-conversation-no-line" role="alert">
        {say.noLine[kind]}
      </p>
    );
  }
  if (lines && lines.length > 1) {
    return (
      <SelectField
        label={say.from}
        value={chosen?.address ?? ""}
        choices={lines.map((line) => ({ value: line.address, label: nameOfLine(line) }))}
        onChange={(event) => onChoose(event.currentTarget.value)}
      />
    );
  }
  return (
    <p class="new-conversation-line" aria-busy={!lines}>
      <span class="field-label">{say.from}</span>
      <span class="new-conversation-own">{chosen ? nameOfLine(chosen) : ""}</span>
    </p>
  );
}

/** "Front desk, (206) 555-0100 · Bandwidth". */
function nameOfLine({ label, address, carrier }: Line): string {
  const name = label ? `${label}, ${formatPhone(address)}` : formatPhone(address);
  return `${name} · ${carrier.charAt(0).toUpperCase()}${carrier.slice(1)}`;
}
