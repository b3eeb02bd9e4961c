import "./view-buttons.css";
import { classNames } from "./class-names.ts";

type Props<V extends string> = {
  /** For a screen reader: what is chosen. */
  label: string;
  views: readonly V[];
  nameOf: (view: V) => string;
  chosen: V;
  onChoose: (view: V) => void;
};

/** Buttons of which one is pressed: which part of a list is shown. */
export function ViewButtons<V extends string>({ label, views, nameOf, chosen, onChoose }: Props<V>) {
  return (
    <fieldset class="views">
      <legend class="visually-hidden">{label}</legend>
      {views.map((view) => (
        <button
          key={view}
          type="button"
          class={classNames("view", view === chosen && "view-chosen")}
          aria-pressed={view === chosen}
          onClick={() => onChoose(view)}
        >
          {nameOf(view)}
        </button>
      ))}
    </fieldset>
  );
}
