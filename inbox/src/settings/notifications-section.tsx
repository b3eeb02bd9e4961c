import {
  choose,
  isNotified,
  type Permission,
  permission,
  pushState,
  switchOff,
  switchOn,
} from "../notifications/notifier.ts";
import { play } from "../notifications/sound.ts";
import { useSession } from "../person/current.ts";
import { preferences, setPreferences } from "../person/preferences.ts";
import { ChoiceField } from "../ui/choice-field.tsx";
import { Switch } from "../ui/field.tsx";
import { settingsWords } from "../words/settings-words.ts";
import { Group, Section } from "./section.tsx";

const say = settingsWords.notifications;
const SCOPES = (["mine", "all"] as const).map((value) => ({ value, label: say.scopes[value] }));
/** Why notifications cannot be switched on. */
const PROBLEMS: Partial<Record<Permission, string>> = {
  denied: say.blocked,
  "home-screen": say.homeScreen,
  unsupported: say.unsupported,
};

/** Of which messages this browser tells, and how. */
export function NotificationsSection() {
  const { user } = useSession();
  const { alerts, notifyWithText, sound } = preferences.value;
  const isOn = isNotified(user.sid);
  const problem = PROBLEMS[permission.value];
  return (
    <Section name="notifications" text={settingsWords.preferences.kept}>
      <Group title={say.title}>
        <ChoiceField
          label={say.which}
          hint={say.whichHint}
          choices={SCOPES}
          value={alerts}
          onChange={(chosen) => void choose(user.sid, { alerts: chosen })}
        />
        <Switch
          label={say.notify}
          hint={problem ?? (isOn ? say.push[pushState.value] : say.notifyHint)}
          isOn={isOn}
          isDisabled={problem !== undefined}
          onChange={(isWanted) => void (isWanted ? switchOn(user.sid) : switchOff(user.sid))}
        />
        <Switch
          label={say.withText}
          hint={say.withTextHint}
          isOn={isOn && notifyWithText}
          isDisabled={!isOn}
          onChange={(isWanted) => void choose(user.sid, { notifyWithText: isWanted })}
        />
        <Switch label={say.sound} hint={say.soundHint} isOn={sound} onChange={switchSound} />
      </Group>
    </Section>
  );
}

function switchSound(isWanted: boolean): void {
  setPreferences({ sound: isWanted });
  // So that one knows it when it comes.
  if (isWanted) play();
}
