/** The texts of the app, in the language of this build. */

import { en, type Words } from "./en.ts";

export { notifications as notificationWords } from "./en/notifications.ts";
export { plural } from "./plural.ts";

export const words: Words = en;
