/** The texts of the settings, in the language of this build. Only that screen imports them, so they are loaded with it. */

import { type SettingsWords, settings } from "./en/settings.ts";

export const settingsWords: SettingsWords = settings;
