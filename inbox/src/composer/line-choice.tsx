import type { Line, PhoneNumber } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";
import { Icon } from "../ui/icon.tsx";
import { Menu } from "../ui/menu.tsx";
import { words } from "../words/words.ts";

type Props = { lines: Line[]; chosen: PhoneNumber | null; onChoose: (line: PhoneNumber) => void };

/** The line that a text goes out from, where there are several. */
export function LineChoice({ lines, chosen, onChoose }: Props) {
  const line = lines.find(({ address }) => address === chosen);
  if (!line) return null;
  return (
    <Menu
      align="end"
      trigger={({ buttonRef, ...properties }) => (
        <button type="button" {...properties} ref={buttonRef} class="composer-line" title={words.composer.line}>
          <span class="truncate">{words.composer.from(labelOf(line))}</span>
          <Icon name="chevron" />
        </button>
      )}
      items={lines.map((one) => ({
        label: labelOf(one),
        ...(one.label ? { hint: formatPhone(one.address) } : {}),
        isChecked: one === line,
        onSelect: () => onChoose(one.address),
      }))}
    />
  );
}

function labelOf({ label, address }: Line): string {
  return label ?? formatPhone(address);
}
