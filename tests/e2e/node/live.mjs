// Follows a conversation with the JavaScript client: prints the index of each message, and how the connection is doing.

import { connect } from "../../../clients/javascript/live.js";

const { LIVE_URL = "", LIVE_TOKEN = "", LIVE_CONVERSATION = "" } = process.env;

const live = connect({
  url: LIVE_URL,
  token: async () => LIVE_TOKEN,
  onEvent: (event) => {
    if (event.type === "onMessageAdded" && "parameters" in event) console.log(event.parameters.Index);
  },
  onState: (state) => console.log(state),
});
live.follow(LIVE_CONVERSATION);
