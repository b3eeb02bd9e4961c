/** The REST client of the signed-in person. */

import { Rest } from "../../../clients/javascript/rest.js";
import { API_URL, accessToken, refreshToken } from "../session/session.ts";

let isFirst = true;

export const rest = new Rest({
  url: API_URL,
  // The client asks again only when the API has refused the token.
  token: () => {
    if (!isFirst) return refreshToken();
    isFirst = false;
    return accessToken();
  },
});
