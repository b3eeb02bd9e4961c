import { useState } from "preact/hooks";
import { askForNotifications, type NotificationAnswer } from "../notifications/permission.ts";
import { type Preferences, preferences, setPreferences } from "../notifications/preferences.ts";
import { ChoiceField } from "../ui/choice-field.tsx";
import { Switch } from "../ui/field.tsx";
import { settingsWords } from "../words/settings-words.ts";
import { Group, Section } from "./section.tsx";

const say = settingsWords.notifications;
const CHOICES = (["off", "mine", "all"] as const).map((value) => ({ value, label: say.choices[value] }));
const REFUSED: Record<NotificationAnswer, string | null> = {
  granted: null,
  default: say.notAsked,
  denied: say.blocked,
  unsupported: say.unsupported,
};

/** Of which messages this browser tells, and how. */
export function NotificationsSection() {
  const { notify, notifyWithText, sound } = preferences.value;
  const [problem, setProblem] = useState<string | null>(null);

  async function choose(chosen: Preferences["notify"]) {
    const answer = chosen === "off" ? "granted" : await askForNotifications();
    setProblem(REFUSED[answer]);
    setPreferences({ notify: answer === "granted" ? chosen : "off" });
  }

  return (
    <Section name="notifications" text={settingsWords.preferences.kept}>
      <Group title={say.title}>
        <div>
          <ChoiceField
            label={say.which}
            hint={say.whichHint}
            choices={CHOICES}
            value={notify}
            onChange={(chosen) => void choose(chosen)}
          />
          <p class="field-error" role="alert" hidden={problem === null}>
            {problem}
          </p>
        </div>
        <Switch
          label={say.withText}
          hint={say.withTextHint}
          isOn={notifyWithText}
          isDisabled={notify === "off"}
          onChange={(isOn) => setPreferences({ notifyWithText: isOn })}
        />
        <Switch
          label={say.sound}
          hint={say.soundHint}
          isOn={sound}
          onChange={(isOn) => setPreferences({ sound: isOn })}
        />
      </Group>
    </Section>
  );
}
