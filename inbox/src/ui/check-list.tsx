import "./check-list.css";

type Props = {
  label: string;
  choices: readonly { value: string; label: string }[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
};

/** Any number of choices, each with a box to check. */
export function CheckList({ label, choices, chosen, onChange }: Props) {
  return (
    <fieldset class="check-list" aria-label={label}>
      {choices.map(({ value, label: name }) => (
        <label key={value} class="check-list-option">
          <input
            type="checkbox"
            checked={chosen.includes(value)}
            onChange={(event) =>
              onChange(event.currentTarget.checked ? [...chosen, value] : chosen.filter((one) => one !== value))
            }
          />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}
