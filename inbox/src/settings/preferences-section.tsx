import { preferences, setPreferences } from "../person/preferences.ts";
import { ChoiceField } from "../ui/choice-field.tsx";
import { Switch } from "../ui/field.tsx";
import { settingsWords } from "../words/settings-words.ts";
import { Group, Section } from "./section.tsx";

const say = settingsWords.preferences;
const THEMES = (["system", "light", "dark"] as const).map((value) => ({ value, label: say.themes[value] }));

/** How the app looks and reacts in this browser. Each takes effect at once, in all tabs. */
export function PreferencesSection() {
  const { theme, readOnOpen, enterSends, shortcuts } = preferences.value;
  return (
    <Section name="preferences" text={say.kept}>
      <Group title={say.appearance}>
        <ChoiceField
          label={say.theme}
          choices={THEMES}
          value={theme}
          onChange={(chosen) => setPreferences({ theme: chosen })}
        />
      </Group>
      <Group title={say.reading}>
        <Switch
          label={say.readOnOpen}
          hint={say.readOnOpenHint}
          isOn={readOnOpen}
          onChange={(isOn) => setPreferences({ readOnOpen: isOn })}
        />
        <Switch
          label={say.enterSends}
          hint={say.enterSendsHint}
          isOn={enterSends}
          onChange={(isOn) => setPreferences({ enterSends: isOn })}
        />
      </Group>
      <Group title={say.keys}>
        <Switch
          label={say.shortcuts}
          hint={say.shortcutsHint}
          isOn={shortcuts}
          onChange={(isOn) => setPreferences({ shortcuts: isOn })}
        />
      </Group>
    </Section>
  );
}
