import { formatClock } from "../format/time.ts";
import { IconButton } from "../ui/button.tsx";
import { Menu, type MenuItem } from "../ui/menu.tsx";
import { words } from "../words/words.ts";
import { presetsOf } from "./later.ts";

type Props = {
  /** Whether there is a text that can be sent. */
  isReady: boolean;
  onSchedule: (at: Date) => void;
  onChoose: () => void;
  onList: () => void;
};

/** When to send what is written, and what waits to be sent. */
export function LaterMenu({ isReady, onSchedule, onChoose, onList }: Props) {
  const say = words.composer.later;
  const times: MenuItem[] = [
    ...presetsOf(new Date()).map(({ kind, at }) => ({
      label: `${say[kind]}, ${formatClock(at.toISOString())}`,
      onSelect: () => onSchedule(at),
    })),
    { label: say.choose, onSelect: onChoose },
  ];
  return (
    <Menu
      trigger={(properties) => <IconButton {...properties} icon="clock" label={say.open} />}
      items={[
        ...times.map((item) => (isReady ? item : { ...item, isDisabled: true, hint: say.needsText })),
        { label: say.listTitle, icon: "calendar" as const, onSelect: onList },
      ]}
    />
  );
}
