// Twilio's SDK for Node as it comes from npm, through HTTP; nothing but its base URL is changed.
//
// Every scenario has a sibling in ../test_sdk_python.py with the same name (without test_), the same steps and the same
// assertions: change both. What was created or listed is addressed by its SID here: an instance of twilio 6.2 acts on
// itself only when it was fetched.
//
// Run as a program, this prints a line of JSON for each scenario: {"name": ..., "error": null or a text}.

"use strict";

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const twilio = require("twilio");

const { PARTYLINE_URL = "", PARTYLINE_ACCOUNT_SID = "", PARTYLINE_AUTH_TOKEN = "" } = process.env;

const LINE = "+12065550100";
const OTHER_LINE = "+12065550101";
const CREATED = new Date("2020-01-02T03:04:05Z");
const UPDATED = new Date("2021-01-02T03:04:05Z");
const MESSAGING_SERVICE = `MG${"0a".repeat(16)}`;
const OTHER_MESSAGING_SERVICE = `MG${"0b".repeat(16)}`;
const FLOW = `FW${"0a".repeat(16)}`;
// Where nothing listens. No event that is told there happens in these scenarios.
const URL = "https://hooks.invalid/partyline";
const OTHER_URL = "https://hooks.invalid/other";
const NOT_FOUND = [404, 20404];
// How long a thing that must happen may take on a slow machine; nothing measures it.
const PATIENCE = 300_000;

function connect(username, password) {
  const client = twilio(username, password, { accountSid: PARTYLINE_ACCOUNT_SID });
  client.conversations.baseUrl = PARTYLINE_URL;
  client.iam.baseUrl = PARTYLINE_URL;
  return client;
}

const client = connect(PARTYLINE_ACCOUNT_SID, PARTYLINE_AUTH_TOKEN);
const api = client.conversations.v1;

// Numbers that no other test uses, nor an earlier run against the same stack.
let lastNumber = 2_132_000_000 + (Date.now() % 7_000_000);

function newNumber() {
  lastNumber += 1;
  return `+1${lastNumber}`;
}

const unique = (text) => `${text} ${randomUUID()}`;
const sids = (found) => found.map((each) => each.sid);
const sorted = (values) => [...values].sort();

// The status and Twilio's code that a request is refused with.
async function refused(request) {
  return refusal(request).then((error) => [error.status, error.code]);
}

async function refusal(request) {
  let error;
  await assert.rejects(request, (rejected) => {
    error = rejected;
    return rejected instanceof twilio.RestException;
  });
  return error;
}

// Look until what is seen satisfies; the last thing seen is the answer either way, for the assertion to show.
async function until(look, satisfied) {
  const end = Date.now() + PATIENCE;
  let seen = await look();
  while (!satisfied(seen) && Date.now() < end) {
    await new Promise((wake) => setTimeout(wake, 50));
    seen = await look();
  }
  return seen;
}

// A new conversation of the default Service, as it is addressed.
async function create(options) {
  const { sid } = await api.conversations.create(options);
  return api.conversations(sid);
}

// What a request without the SDK is answered with.
async function ask(method, path, authorization, form) {
  const answer = await fetch(PARTYLINE_URL + path, {
    method,
    headers: { Authorization: authorization },
    body: form && new URLSearchParams(form),
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : null };
}

// The status of a request about our own numbers, a resource that the SDK does not know.
async function lines(method, path, form) {
  const credentials = Buffer.from(`${PARTYLINE_ACCOUNT_SID}:${PARTYLINE_AUTH_TOKEN}`).toString("base64");
  return (await ask(method, path, `Basic ${credentials}`, form)).status;
}

// A Service with nothing in it but what the scenario makes.
function inService(scenario) {
  return async () => {
    const { sid } = await api.services.create({ friendlyName: "SDK" });
    await scenario(api.services(sid));
    assert.equal(await api.services(sid).remove(), true);
  };
}

const scenarios = {
  // --- conversations

  async a_conversation_of_no_parameters_has_every_member() {
    const made = await api.conversations.create();
    assert.match(made.sid, /^CH[0-9a-f]{32}$/);
    assert.equal(made.accountSid, PARTYLINE_ACCOUNT_SID);
    assert.equal(made.chatServiceSid, (await api.configuration().fetch()).defaultChatServiceSid);
    assert.deepEqual([made.friendlyName, made.uniqueName, made.attributes, made.state], [null, null, "{}", "active"]);
    assert.deepEqual([made.timers, made.bindings], [{}, null]);
    assert.ok(made.dateCreated instanceof Date);
    assert.deepEqual(made.dateUpdated, made.dateCreated);
    assert.ok(made.url.endsWith(`/v1/Conversations/${made.sid}`));
    assert.deepEqual(sorted(Object.keys(made.links)), ["export", "messages", "participants", "webhooks"]);
    assert.equal(await api.conversations(made.sid).remove(), true);
  },

  async a_conversation_takes_every_option() {
    const name = unique("elm");
    const made = await api.conversations.create({
      xTwilioWebhookEnabled: "true",
      friendlyName: "12 Elm Street",
      uniqueName: name,
      attributes: '{"floor": 2}',
      messagingServiceSid: MESSAGING_SERVICE,
      dateCreated: CREATED,
      dateUpdated: UPDATED,
      state: "inactive",
      "timers.inactive": "PT1H",
      "timers.closed": "P1D",
    });
    let found = await api.conversations(made.sid).fetch();
    for (const shown of [made, found]) {
      assert.deepEqual([shown.friendlyName, shown.uniqueName], ["12 Elm Street", name]);
      assert.equal(shown.attributes, '{"floor": 2}');
      assert.deepEqual([shown.messagingServiceSid, shown.state], [MESSAGING_SERVICE, "inactive"]);
      assert.deepEqual([shown.dateCreated, shown.dateUpdated], [CREATED, UPDATED]);
      assert.deepEqual(Object.keys(shown.timers), ["date_closed"]);
    }

    await api.conversations(made.sid).update({
      xTwilioWebhookEnabled: "true",
      friendlyName: "14 Elm Street",
      uniqueName: `${name} again`,
      attributes: '{"floor": 3}',
      messagingServiceSid: OTHER_MESSAGING_SERVICE,
      dateCreated: UPDATED,
      dateUpdated: CREATED,
      state: "active",
      "timers.inactive": "PT2H",
      "timers.closed": "PT0S",
    });
    found = await api.conversations(made.sid).fetch();
    assert.deepEqual([found.friendlyName, found.uniqueName], ["14 Elm Street", `${name} again`]);
    assert.deepEqual([found.attributes, found.messagingServiceSid], ['{"floor": 3}', OTHER_MESSAGING_SERVICE]);
    assert.deepEqual([found.dateCreated, found.dateUpdated, found.state], [UPDATED, CREATED, "active"]);
    assert.deepEqual(Object.keys(found.timers), ["date_inactive"]);

    assert.equal(await api.conversations(made.sid).remove({ xTwilioWebhookEnabled: "true" }), true);
    assert.deepEqual(await refused(() => api.conversations(made.sid).fetch()), NOT_FOUND);
  },

  lists_stop_at_the_limit_and_follow_every_page: inService(async (service) => {
    const newestFirst = [];
    for (let number = 0; number < 5; number += 1) {
      newestFirst.unshift((await service.conversations.create()).sid);
    }
    const listed = async (options) => sids(await service.conversations.list(options));
    assert.deepEqual(await listed(), newestFirst);
    assert.deepEqual(await listed({ limit: 3 }), newestFirst.slice(0, 3));
    assert.deepEqual(await listed({ pageSize: 2 }), newestFirst);
    assert.deepEqual(await listed({ limit: 3, pageSize: 2 }), newestFirst.slice(0, 3));
    assert.deepEqual(await listed({ limit: 2, pageSize: 4 }), newestFirst.slice(0, 2));
    assert.deepEqual(await listed({ limit: 1000 }), newestFirst); // more than a page may have
    const streamed = [];
    await /** @type {Promise<void>} */ (
      new Promise((done, fail) => {
        const ended = (error) => (error ? fail(error) : done());
        service.conversations.each({ pageSize: 1, callback: (each) => streamed.push(each.sid), done: ended });
      })
    );
    assert.deepEqual(streamed, newestFirst);

    const first = await service.conversations.page({ pageSize: 2 });
    assert.deepEqual(sids(first.instances), newestFirst.slice(0, 2));
    const second = await first.nextPage();
    assert.deepEqual(sids(second.instances), newestFirst.slice(2, 4));
    assert.deepEqual(sids((await second.previousPage()).instances), newestFirst.slice(0, 2));
    const last = await service.conversations.getPage(second.nextPageUrl);
    assert.deepEqual(sids(last.instances), newestFirst.slice(4));
    assert.equal(last.nextPage(), undefined);
  }),

  conversations_are_filtered_by_state_and_date: inService(async (service) => {
    const onDay = (day, state) => ({ dateCreated: new Date(`2020-01-0${day}T12:00:00Z`), state });
    const { sid: first } = await service.conversations.create(onDay(1));
    const { sid: second } = await service.conversations.create(onDay(2, "inactive"));
    const { sid: third } = await service.conversations.create(onDay(3));
    await service.conversations(third).update({ state: "closed" });
    const listed = async (options) => sids(await service.conversations.list(options));
    assert.deepEqual(await listed({ state: "active" }), [first]);
    assert.deepEqual(await listed({ state: "inactive" }), [second]);
    assert.deepEqual(await listed({ state: "closed" }), [third]);
    assert.deepEqual(await listed({ startDate: "2020-01-02" }), [third, second]);
    assert.deepEqual(await listed({ endDate: "2020-01-02" }), [second, first]);
    assert.deepEqual(await listed({ startDate: "2020-01-02", endDate: "2020-01-02" }), [second]);
    assert.deepEqual(await listed({ startDate: "2020-01-01T12:00:00Z", endDate: "2020-01-02T11:59:59Z" }), [first]);
    assert.deepEqual(await listed({ state: "closed", startDate: "2020-01-01", endDate: "2020-01-02" }), []);
    assert.deepEqual(await listed({ startDate: "2020-01-01", pageSize: 1 }), [third, second, first]);
  }),

  async unique_names_with_blanks_and_pluses_stand_in_paths() {
    const name = unique("12 Elm Street + garden");
    const made = await api.conversations.create({ uniqueName: name });
    const named = api.conversations(name);
    assert.equal((await named.fetch()).sid, made.sid);
    assert.equal((await named.update({ friendlyName: "Elm" })).sid, made.sid);
    const joined = await named.participants.create({ identity: "ann" });
    assert.deepEqual(sids(await named.participants.list()), [joined.sid]);
    const said = await named.messages.create({ author: "ann", body: "Hello" });
    assert.equal((await named.messages(said.sid).fetch()).conversationSid, made.sid);
    assert.equal(await named.remove(), true);
    assert.deepEqual(await refused(() => named.fetch()), NOT_FOUND);
  },

  async a_unique_name_is_taken_once() {
    const name = unique("elm");
    const made = await create({ uniqueName: name });
    const other = await create({ friendlyName: "Other" });
    assert.deepEqual(await refused(() => api.conversations.create({ uniqueName: name })), [409, 50353]);
    const renaming = { uniqueName: name, friendlyName: "Changed" };
    assert.deepEqual(await refused(() => other.update(renaming)), [409, 50353]);
    assert.equal((await other.fetch()).friendlyName, "Other");
    assert.equal(await made.remove(), true);
    assert.equal((await other.update({ uniqueName: name })).uniqueName, name); // it is free again
    assert.equal(await other.remove(), true);
  },

  async what_is_wrong_is_refused_and_changes_nothing() {
    const made = await create({ friendlyName: "12 Elm Street" });
    for (const [code, wrong] of /** @type {[number, object][]} */ ([
      [50304, { attributes: "{" }],
      [50378, { state: "sleeping" }],
      [50341, { messagingServiceSid: "MG1" }],
      [50379, { "timers.inactive": "soon" }],
      [50376, { "timers.closed": "PT1M" }],
      [20001, { uniqueName: "x".repeat(257) }],
    ])) {
      assert.deepEqual(await refused(() => made.update({ friendlyName: "Changed", ...wrong })), [400, code]);
    }
    assert.equal((await made.fetch()).friendlyName, "12 Elm Street");
    assert.equal((await made.update({ state: "closed" })).state, "closed");
    assert.deepEqual(await refused(() => made.update({ friendlyName: "Changed" })), [400, 50377]);
    assert.equal(await made.remove(), true);
  },

  what_is_not_there_is_not_found: inService(async (service) => {
    const made = await api.conversations.create();
    const absent = "0".repeat(32);
    for (const missing of [
      () => api.conversations(`CH${absent}`).fetch(),
      () => api.conversations("no such name").fetch(),
      () => api.conversations(`CH${absent}`).remove(),
      () => api.conversations(`CH${absent}`).participants.create(),
      () => api.conversations(made.sid).participants(`MB${absent}`).fetch(),
      () => api.conversations(made.sid).participants("nobody@example.com").remove(),
      () => api.conversations(made.sid).messages(`IM${absent}`).fetch(),
      () => api.conversations(made.sid).messages(`IM${absent}`).deliveryReceipts(`DY${absent}`).fetch(),
      () => api.conversations(made.sid).webhooks(`WH${absent}`).fetch(),
      () => api.users(`US${absent}`).fetch(),
      () => api.users("nobody@example.com").remove(),
      () => api.users("nobody@example.com").userConversations(made.sid).fetch(),
      () => api.roles(`RL${absent}`).fetch(),
      () => api.credentials(`CR${absent}`).fetch(),
      () => api.addressConfigurations("+13105550199").fetch(),
      () => api.services(`IS${absent}`).fetch(),
      () => api.services(`IS${absent}`).conversations(made.sid).fetch(),
      () => service.conversations(made.sid).fetch(),
      () => service.bindings(`BS${absent}`).fetch(),
    ]) {
      assert.deepEqual(await refused(missing), NOT_FOUND, String(missing));
    }
    assert.equal(await api.conversations(made.sid).remove(), true);
  }),

  // --- participants

  async a_group_is_made_in_one_request_and_once() {
    const [ann, ben] = [newNumber(), newNumber()];
    const people = [
      JSON.stringify({ messaging_binding: { address: ann } }),
      JSON.stringify({ messaging_binding: { address: ben } }),
      JSON.stringify({ identity: "agent", messaging_binding: { projected_address: LINE } }),
    ];
    const made = await api.conversationWithParticipants.create({ friendlyName: "12 Elm Street", participant: people });
    assert.ok(made.dateCreated instanceof Date);
    assert.deepEqual(sorted(Object.keys(made.links)), ["messages", "participants", "webhooks"]);
    const state = async () => (await api.conversations(made.sid).fetch()).state;
    assert.equal(await until(state, (seen) => seen === "active"), "active");
    const joined = await api.conversations(made.sid).participants.list();
    assert.deepEqual(
      joined.map((member) => [member.identity, member.messagingBinding]),
      [
        [null, { type: "sms", address: ann }],
        [null, { type: "sms", address: ben }],
        ["agent", { type: "sms", projected_address: LINE }],
      ],
    );

    const again = await refusal(() => api.conversationWithParticipants.create({ participant: people.toReversed() }));
    assert.deepEqual([again.status, again.code], [409, 50438]);
    assert.equal(again.message.match(/CH[0-9a-f]{32}/)[0], made.sid);
    assert.equal(await api.conversations(made.sid).remove(), true);
  },

  async a_group_is_made_member_by_member_and_once() {
    const [ann, ben] = [newNumber(), newNumber()];
    const { sid } = await api.conversations.create();
    const [made, other] = [api.conversations(sid), await create()];
    for (const conversation of [made, other]) {
      await conversation.participants.create({ identity: "agent", "messagingBinding.projectedAddress": LINE });
      await conversation.participants.create({ "messagingBinding.address": ann });
    }
    await made.participants.create({ "messagingBinding.address": ben });
    const taken = await refusal(() => other.participants.create({ "messagingBinding.address": ben }));
    assert.deepEqual([taken.status, taken.code], [409, 50438]);
    assert.equal(taken.message.match(/CH[0-9a-f]{32}/)[0], sid);
    assert.equal((await other.participants.list()).length, 2);
    const twice = () => made.participants.create({ "messagingBinding.address": ann });
    assert.deepEqual(await refused(twice), [409, 50437]);
    assert.equal(await made.remove(), true);
    assert.equal(await other.remove(), true);
  },

  async a_participant_takes_every_option() {
    const made = await create();
    const role = await api.roles.create({
      friendlyName: "reader",
      type: "conversation",
      permission: ["leaveConversation"],
    });
    await made.messages.create({ author: "system", body: "Hello" });
    const joined = await made.participants.create({
      xTwilioWebhookEnabled: "true",
      identity: "ann",
      attributes: '{"desk": 1}',
      roleSid: role.sid,
      dateCreated: CREATED,
      dateUpdated: UPDATED,
    });
    let found = await made.participants(joined.sid).fetch();
    for (const shown of [joined, found]) {
      assert.deepEqual([shown.identity, shown.attributes, shown.roleSid], ["ann", '{"desk": 1}', role.sid]);
      assert.deepEqual([shown.dateCreated, shown.dateUpdated], [CREATED, UPDATED]);
      assert.equal(shown.messagingBinding, null);
      assert.deepEqual([shown.lastReadMessageIndex, shown.lastReadTimestamp], [null, null]);
    }

    await made.participants(joined.sid).update({
      xTwilioWebhookEnabled: "true",
      attributes: '{"desk": 2}',
      "messagingBinding.projectedAddress": LINE,
      lastReadMessageIndex: 0,
      lastReadTimestamp: "2021-01-02T03:04:05Z",
      dateCreated: UPDATED,
      dateUpdated: CREATED,
    });
    found = await made.participants("ann").fetch();
    assert.deepEqual([found.sid, found.attributes], [joined.sid, '{"desk": 2}']);
    assert.deepEqual(found.messagingBinding, { type: "sms", projected_address: LINE });
    assert.deepEqual([found.lastReadMessageIndex, found.lastReadTimestamp], [0, "2021-01-02T03:04:05Z"]);
    assert.deepEqual([found.dateCreated, found.dateUpdated], [UPDATED, CREATED]);
    assert.equal((await made.participants(joined.sid).update({ identity: "ben" })).identity, "ben");

    const masked = await made.participants.create({
      "messagingBinding.address": newNumber(),
      "messagingBinding.proxyAddress": OTHER_LINE,
    });
    assert.equal(masked.messagingBinding.proxy_address, OTHER_LINE);
    assert.equal(masked.roleSid, null);
    assert.deepEqual(sids(await made.participants.list({ pageSize: 1 })), [joined.sid, masked.sid]);
    assert.equal(await made.participants(masked.sid).remove({ xTwilioWebhookEnabled: "true" }), true);
    assert.deepEqual(sids(await made.participants.list()), [joined.sid]);
    assert.equal(await made.remove(), true);
    assert.equal(await api.roles(role.sid).remove(), true);
  },

  identities_with_blanks_at_signs_and_pluses_stand_in_paths: inService(async (service) => {
    const { sid } = await service.conversations.create();
    const made = service.conversations(sid);
    for (const identity of ["Ann Lee", "ann@example.com", "ann+lee@example.com", "+13105550142"]) {
      const joined = await made.participants.create({ identity });
      const member = made.participants(identity);
      const user = service.users(identity);
      assert.equal((await member.fetch()).sid, joined.sid);
      assert.equal((await member.update({ attributes: '{"vip": true}' })).identity, identity);
      assert.equal((await user.fetch()).identity, identity);
      assert.equal((await user.update({ friendlyName: "Ann" })).identity, identity);
      assert.equal((await user.userConversations(sid).fetch()).participantSid, joined.sid);
      assert.equal(await member.remove(), true);
      assert.deepEqual(await refused(() => member.fetch()), NOT_FOUND);
      assert.equal(await user.remove(), true);
      assert.deepEqual(await refused(() => user.fetch()), NOT_FOUND);
    }
  }),

  async an_identity_takes_part_once() {
    const made = await create();
    await made.participants.create({ identity: "ann" });
    const twice = () => made.participants.create({ identity: "ann", attributes: '{"twice": true}' });
    assert.deepEqual(await refused(twice), [409, 50433]);
    const members = await made.participants.list();
    assert.deepEqual(
      members.map((member) => [member.identity, member.attributes]),
      [["ann", "{}"]],
    );
    assert.equal(await made.remove(), true);
  },

  conversations_are_found_by_identity_and_by_address: inService(async (service) => {
    const [ann, agent] = [newNumber(), "agent + co"];
    const made = await service.conversations.create({
      friendlyName: "12 Elm Street",
      uniqueName: "elm",
      attributes: '{"floor": 2}',
    });
    const { participants } = service.conversations(made.sid);
    const byApp = await participants.create({ identity: agent, "messagingBinding.projectedAddress": LINE });
    const byPhone = await participants.create({ "messagingBinding.address": ann });
    const other = await service.conversations.create();
    await service.conversations(other.sid).participants.create({ identity: agent });

    const [found, ...more] = await service.participantConversations.list({ address: ann });
    assert.deepEqual(more, []);
    assert.deepEqual([found.participantSid, found.participantIdentity], [byPhone.sid, null]);
    assert.equal(found.participantUserSid, null);
    assert.equal(found.participantMessagingBinding.address, ann);
    assert.deepEqual([found.conversationSid, found.conversationState], [made.sid, "active"]);
    assert.deepEqual([found.conversationFriendlyName, found.conversationUniqueName], ["12 Elm Street", "elm"]);
    assert.deepEqual([found.conversationAttributes, found.conversationTimers], ['{"floor": 2}', {}]);
    assert.deepEqual(found.conversationDateCreated, made.dateCreated);
    assert.ok(found.conversationDateUpdated instanceof Date);
    assert.deepEqual(sorted(Object.keys(found.links)), ["conversation", "participant"]);

    const every = await service.participantConversations.list({ identity: agent, pageSize: 1 });
    assert.deepEqual(sorted(every.map((each) => each.conversationSid)), sorted([made.sid, other.sid]));
    const inGroup = every.find((each) => each.conversationSid === made.sid);
    assert.equal(inGroup.participantSid, byApp.sid);
    assert.equal(inGroup.participantUserSid, (await service.users(agent).fetch()).sid);
    assert.equal((await service.participantConversations.list({ identity: agent, limit: 1 })).length, 1);
    assert.deepEqual(await service.participantConversations.list({ identity: "nobody" }), []);
  }),

  // --- messages

  async a_message_takes_every_option() {
    const made = await create();
    const author = await made.participants.create({ identity: "ann" });
    const said = await made.messages.create({
      xTwilioWebhookEnabled: "true",
      author: "ann",
      body: "Sunday + noon? ✓",
      attributes: '{"pinned": true}',
      dateCreated: CREATED,
      dateUpdated: UPDATED,
    });
    let found = await made.messages(said.sid).fetch();
    for (const shown of [said, found]) {
      assert.deepEqual([shown.index, shown.author, shown.body], [0, "ann", "Sunday + noon? ✓"]);
      assert.deepEqual([shown.attributes, shown.participantSid], ['{"pinned": true}', author.sid]);
      assert.deepEqual([shown.dateCreated, shown.dateUpdated], [CREATED, UPDATED]);
      assert.deepEqual([shown.media, shown.delivery, shown.contentSid], [null, null, null]);
      assert.deepEqual(sorted(Object.keys(shown.links)), ["channel_metadata", "delivery_receipts"]);
    }

    await made.messages(said.sid).update({
      xTwilioWebhookEnabled: "true",
      author: "ben",
      body: "Monday",
      attributes: '{"pinned": false}',
      dateCreated: UPDATED,
      dateUpdated: CREATED,
    });
    found = await made.messages(said.sid).fetch();
    assert.deepEqual([found.author, found.body, found.attributes], ["ben", "Monday", '{"pinned": false}']);
    assert.deepEqual([found.dateCreated, found.dateUpdated], [UPDATED, CREATED]);
    assert.equal(await made.messages(said.sid).remove({ xTwilioWebhookEnabled: "true" }), true);
    assert.deepEqual(await refused(() => made.messages(said.sid).fetch()), NOT_FOUND);
    assert.equal(await made.remove(), true);
  },

  async messages_are_listed_in_either_order() {
    const made = await create();
    const { messages } = made;
    const said = [];
    for (let number = 0; number < 3; number += 1) {
      said.push((await messages.create({ body: `Number ${number}` })).sid);
    }
    const listed = async (options) => sids(await messages.list(options));
    assert.deepEqual(await listed(), said);
    assert.deepEqual(await listed({ order: "asc" }), said);
    assert.deepEqual(await listed({ order: "desc" }), said.toReversed());
    assert.deepEqual(await listed({ order: "desc", pageSize: 1 }), said.toReversed());
    assert.deepEqual(await listed({ order: "desc", limit: 2, pageSize: 1 }), [said[2], said[1]]);
    assert.deepEqual(await refused(() => messages.create({ body: "" })), [400, 50503]);
    assert.equal(await messages(said[1]).remove(), true);
    assert.deepEqual(
      (await messages.list()).map((message) => message.index),
      [0, 2],
    );
    assert.equal(await made.remove(), true);
  },

  async a_message_has_a_receipt_for_each_handset() {
    const made = await create();
    await made.participants.create({ identity: "agent", "messagingBinding.projectedAddress": LINE });
    const people = [];
    for (const number of [newNumber(), newNumber()]) {
      people.push((await made.participants.create({ "messagingBinding.address": number })).sid);
    }
    const said = await made.messages.create({ author: "agent", body: "Hello both" });
    const receipts = made.messages(said.sid).deliveryReceipts;
    await until(
      () => receipts.list(),
      (seen) => seen.length > 0 && seen.every((receipt) => receipt.status === "delivered"),
    );
    const found = await receipts.list({ pageSize: 1 });
    assert.deepEqual(sorted(found.map((receipt) => receipt.participantSid)), sorted(people));
    for (const receipt of found) {
      assert.deepEqual([receipt.status, receipt.errorCode, receipt.messageSid], ["delivered", 0, said.sid]);
      assert.ok(receipt.dateUpdated instanceof Date);
      assert.equal((await receipts(receipt.sid).fetch()).channelMessageSid, receipt.channelMessageSid);
    }
    assert.deepEqual((await made.messages(said.sid).fetch()).delivery, {
      total: 2,
      sent: "all",
      delivered: "all",
      read: "none",
      failed: "none",
      undelivered: "none",
    });
    assert.equal(await made.remove(), true);
  },

  // --- webhooks and settings

  async a_conversations_webhooks_take_every_option() {
    const { sid } = await api.conversations.create();
    const { webhooks } = api.conversations(sid);
    const told = await webhooks.create({
      target: "webhook",
      "configuration.url": URL,
      "configuration.method": "get",
      "configuration.filters": ["onMessageAdded", "onParticipantAdded"],
      "configuration.replayAfter": 0,
    });
    let found = await webhooks(told.sid).fetch();
    for (const shown of [told, found]) {
      assert.deepEqual([shown.target, shown.conversationSid], ["webhook", sid]);
      assert.deepEqual([shown.configuration.url, shown.configuration.method], [URL, "GET"]);
      assert.deepEqual(shown.configuration.filters, ["onMessageAdded", "onParticipantAdded"]);
      assert.ok(shown.dateCreated instanceof Date);
    }
    await webhooks(told.sid).update({ "configuration.method": "post", "configuration.filters": ["onMessageRemoved"] });
    found = await webhooks(told.sid).fetch();
    assert.deepEqual([found.configuration.url, found.configuration.method], [URL, "POST"]);
    assert.deepEqual(found.configuration.filters, ["onMessageRemoved"]);

    const heard = await webhooks.create({
      target: "trigger",
      "configuration.url": URL,
      "configuration.triggers": ["help me", "stop + go"],
    });
    assert.deepEqual(heard.configuration.triggers, ["help me", "stop + go"]);
    const flow = await webhooks.create({ target: "studio", "configuration.flowSid": FLOW });
    assert.equal(flow.configuration.flow_sid, FLOW);
    assert.deepEqual(sorted(sids(await webhooks.list({ pageSize: 2 }))), sorted([told.sid, heard.sid, flow.sid]));

    assert.deepEqual(await refused(() => webhooks.create({ target: "webhook" })), [400, 50369]);
    const wrong = () => webhooks(told.sid).update({ "configuration.url": "ftp://x", "configuration.method": "get" });
    assert.equal((await refused(wrong))[0], 400);
    assert.equal((await webhooks(told.sid).fetch()).configuration.method, "POST");
    assert.equal(await webhooks(heard.sid).remove(), true);
    assert.deepEqual(await refused(() => webhooks(heard.sid).fetch()), NOT_FOUND);
    assert.deepEqual(sorted(sids(await webhooks.list())), sorted([told.sid, flow.sid]));
    assert.equal(await api.conversations(sid).remove(), true);
  },

  async the_accounts_configuration_is_read_and_changed() {
    const before = await api.configuration().fetch();
    assert.match(before.defaultChatServiceSid, /^IS[0-9a-f]{32}$/);
    assert.deepEqual(sorted(Object.keys(before.links)), ["service", "webhooks"]);
    let after;
    try {
      await api.configuration().update({
        defaultChatServiceSid: before.defaultChatServiceSid,
        defaultMessagingServiceSid: MESSAGING_SERVICE,
        defaultInactiveTimer: "PT1H",
        defaultClosedTimer: "P1D",
      });
      const changed = await api.configuration().fetch();
      assert.deepEqual([changed.defaultInactiveTimer, changed.defaultClosedTimer], ["PT1H", "P1D"]);
      assert.equal(changed.defaultMessagingServiceSid, MESSAGING_SERVICE);
      const made = await api.conversations.create();
      assert.equal(made.messagingServiceSid, MESSAGING_SERVICE);
      assert.deepEqual(sorted(Object.keys(made.timers)), ["date_closed", "date_inactive"]);
      assert.equal(await api.conversations(made.sid).remove(), true);
      const unknown = { defaultChatServiceSid: `IS${"0".repeat(32)}` };
      assert.equal((await refused(() => api.configuration().update(unknown)))[0], 400);
    } finally {
      after = await api.configuration().update({
        defaultMessagingServiceSid: "",
        defaultInactiveTimer: "PT0S",
        defaultClosedTimer: "PT0S",
      });
    }
    assert.match(after.defaultMessagingServiceSid, /^MG[0-9a-f]{32}$/);
    assert.deepEqual([after.defaultInactiveTimer, after.defaultClosedTimer], [null, null]);
    assert.equal(after.defaultChatServiceSid, before.defaultChatServiceSid);
  },

  async the_accounts_webhooks_are_read_and_changed() {
    const webhooks = api.configuration.webhooks();
    try {
      // Only of users who are changed, which happens to none meanwhile.
      await webhooks.update({
        method: "GET",
        filters: ["onUserUpdate", "onUserUpdated"],
        preWebhookUrl: URL,
        postWebhookUrl: OTHER_URL,
      });
      const changed = await webhooks.fetch();
      assert.deepEqual([changed.method, changed.target], ["GET", "webhook"]);
      assert.deepEqual(changed.filters, ["onUserUpdate", "onUserUpdated"]);
      assert.deepEqual([changed.preWebhookUrl, changed.postWebhookUrl], [URL, OTHER_URL]);
      assert.deepEqual(await refused(() => webhooks.update({ method: "PUT", postWebhookUrl: URL })), [400, 50055]);
      assert.equal((await webhooks.fetch()).postWebhookUrl, OTHER_URL);
    } finally {
      await webhooks.update({ method: "POST", preWebhookUrl: "", postWebhookUrl: "" });
    }
    assert.ok(!(await webhooks.fetch()).postWebhookUrl);
  },

  async an_addresss_configuration_is_named_by_the_address() {
    const number = newNumber();
    assert.equal(await lines("POST", "/v1/Lines", { Address: number, Carrier: "bandwidth" }), 201);
    const made = await api.addressConfigurations.create({
      type: "sms",
      address: number,
      friendlyName: "Front desk",
      "autoCreation.enabled": true,
      "autoCreation.type": "webhook",
      "autoCreation.conversationServiceSid": (await api.configuration().fetch()).defaultChatServiceSid,
      "autoCreation.webhookUrl": URL,
      "autoCreation.webhookMethod": "post",
      "autoCreation.webhookFilters": ["onParticipantUpdated", "onMessageRemoved"],
      addressCountry: "US",
    });
    const named = api.addressConfigurations(number);
    const found = await named.fetch();
    assert.equal(found.sid, made.sid);
    assert.equal((await api.addressConfigurations(made.sid).fetch()).sid, made.sid);
    assert.deepEqual([found.type, found.address, found.friendlyName], ["sms", number, "Front desk"]);
    assert.deepEqual([found.autoCreation.enabled, found.autoCreation.type], [true, "webhook"]);
    assert.deepEqual(found.autoCreation.webhook_filters, ["onParticipantUpdated", "onMessageRemoved"]);
    assert.ok(found.dateCreated instanceof Date);
    const changed = await named.update({ friendlyName: "Back office", "autoCreation.enabled": false });
    assert.equal(changed.friendlyName, "Back office");
    assert.equal((await named.fetch()).autoCreation.enabled, false);
    assert.ok(sids(await api.addressConfigurations.list({ type: "sms", pageSize: 1 })).includes(made.sid));
    const again = () => api.addressConfigurations.create({ type: "sms", address: number });
    assert.equal((await refused(again))[0], 409);
    assert.equal(await named.remove(), true);
    assert.deepEqual(await refused(() => named.fetch()), NOT_FOUND);
    assert.deepEqual(await refused(() => api.addressConfigurations(made.sid).fetch()), NOT_FOUND);
    assert.equal(await lines("DELETE", `/v1/Lines/${number}`), 204);
  },

  async push_credentials_are_kept_in_shape() {
    const made = await api.credentials.create({ type: "fcm", friendlyName: "Android", secret: "made up" });
    assert.deepEqual([made.type, made.friendlyName], ["fcm", "Android"]);
    assert.ok(made.dateCreated instanceof Date);
    assert.equal((await api.credentials(made.sid).update({ friendlyName: "Phones" })).friendlyName, "Phones");
    assert.equal((await api.credentials(made.sid).fetch()).friendlyName, "Phones");
    assert.ok(sids(await api.credentials.list()).includes(made.sid));
    assert.equal(await api.credentials(made.sid).remove(), true);
    assert.deepEqual(await refused(() => api.credentials(made.sid).fetch()), NOT_FOUND);
  },

  // --- Services, roles, users

  async a_service_is_made_listed_and_deleted() {
    const made = await api.services.create({ friendlyName: "12 Elm Street" });
    const found = await api.services(made.sid).fetch();
    assert.deepEqual([found.friendlyName, found.accountSid], ["12 Elm Street", made.accountSid]);
    assert.ok(found.dateCreated instanceof Date);
    for (const link of ["conversations", "users", "roles", "configuration", "participant_conversations"]) {
      assert.ok(link in found.links, link);
    }
    const listed = sids(await api.services.list({ pageSize: 1 }));
    assert.ok(listed.includes(made.sid));
    assert.ok(listed.includes((await api.configuration().fetch()).defaultChatServiceSid));
    const conversation = await api.services(made.sid).conversations.create();
    assert.equal(await api.services(made.sid).remove(), true);
    assert.deepEqual(await refused(() => api.services(made.sid).fetch()), NOT_FOUND);
    assert.deepEqual(await refused(() => api.services(made.sid).conversations(conversation.sid).fetch()), NOT_FOUND);
  },

  everything_of_a_conversation_is_reached_within_its_service: inService(async (service) => {
    const people = [
      JSON.stringify({ messaging_binding: { address: newNumber() } }),
      JSON.stringify({ messaging_binding: { address: newNumber() } }),
      JSON.stringify({ identity: "agent", messaging_binding: { projected_address: LINE } }),
    ];
    const group = await service.conversationWithParticipants.create({ uniqueName: "elm", participant: people });
    const conversation = service.conversations("elm");
    const state = async () => (await conversation.fetch()).state;
    assert.equal(await until(state, (seen) => seen === "active"), "active");
    const { chatServiceSid } = await conversation.fetch();
    const joined = await conversation.participants("agent").fetch();
    const said = await conversation.messages.create({ author: "agent", body: "Hello" });
    const [receipt] = await until(
      () => conversation.messages(said.sid).deliveryReceipts.list(),
      (seen) => seen.length > 0,
    );
    const webhook = await conversation.webhooks.create({ target: "studio", "configuration.flowSid": FLOW });
    for (const shown of [joined, said, receipt, webhook]) {
      assert.equal(shown.chatServiceSid, chatServiceSid);
      assert.ok(shown.url.includes(`/v1/Services/${chatServiceSid}/Conversations/${group.sid}/`), shown.url);
    }
    assert.equal((await conversation.messages(said.sid).update({ body: "Hello both" })).body, "Hello both");
    const changed = await conversation.participants("agent").update({ attributes: '{"desk": 1}' });
    assert.equal(changed.attributes, '{"desk": 1}');
    const { messageSid } = await conversation.messages(said.sid).deliveryReceipts(receipt.sid).fetch();
    assert.equal(messageSid, said.sid);
    assert.equal(await conversation.webhooks(webhook.sid).remove(), true);

    assert.deepEqual(await refused(() => api.conversations(group.sid).fetch()), NOT_FOUND);
    assert.deepEqual(await refused(() => api.conversations("elm").fetch()), NOT_FOUND);
    assert.deepEqual(await refused(() => api.conversations(group.sid).messages(said.sid).remove()), NOT_FOUND);
    assert.ok(!sids(await api.conversations.list({ limit: 20 })).includes(group.sid));
    assert.equal(await conversation.messages(said.sid).remove(), true);
    assert.equal(await conversation.participants("agent").remove(), true);
    assert.equal(await conversation.remove(), true);
    assert.deepEqual(await service.conversations.list(), []);
  }),

  a_services_settings_are_read_and_changed: inService(async (service) => {
    const before = await service.configuration().fetch();
    const types = Object.fromEntries((await service.roles.list()).map((role) => [role.sid, role.type]));
    assert.equal(types[before.defaultConversationCreatorRoleSid], "conversation");
    assert.equal(types[before.defaultConversationRoleSid], "conversation");
    assert.equal(types[before.defaultChatServiceRoleSid], "service");
    assert.equal(before.reachabilityEnabled, false);

    const member = await service.roles.create({
      friendlyName: "member",
      type: "conversation",
      permission: ["sendMessage"],
    });
    const user = await service.roles.create({ friendlyName: "user", type: "service", permission: ["editOwnUserInfo"] });
    await service.configuration().update({
      defaultConversationCreatorRoleSid: member.sid,
      defaultConversationRoleSid: member.sid,
      defaultChatServiceRoleSid: user.sid,
      reachabilityEnabled: true,
    });
    const after = await service.configuration().fetch();
    assert.equal(after.defaultConversationCreatorRoleSid, member.sid);
    assert.equal(after.defaultConversationRoleSid, member.sid);
    assert.deepEqual([after.defaultChatServiceRoleSid, after.reachabilityEnabled], [user.sid, true]);
    assert.equal((await service.users.create({ identity: "ann" })).roleSid, user.sid);
    const wrong = () => service.configuration().update({ defaultConversationRoleSid: user.sid });
    assert.equal((await refused(wrong))[0], 400);

    const webhooks = service.configuration.webhooks();
    const empty = await webhooks.fetch();
    assert.deepEqual([empty.preWebhookUrl, empty.postWebhookUrl], [null, null]);
    assert.deepEqual([empty.filters, empty.method], [null, null]);
    await webhooks.update({
      preWebhookUrl: URL,
      postWebhookUrl: OTHER_URL,
      filters: ["onUserUpdate", "onUserUpdated"],
      method: "POST",
    });
    const told = await webhooks.fetch();
    assert.deepEqual([told.preWebhookUrl, told.postWebhookUrl, told.method], [URL, OTHER_URL, "POST"]);
    assert.deepEqual(told.filters, ["onUserUpdate", "onUserUpdated"]);

    const notifications = service.configuration.notifications();
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Twilio's placeholders
    const template = "${AUTHOR}: ${MESSAGE}";
    await notifications.update({
      logEnabled: true,
      "newMessage.enabled": true,
      "newMessage.template": template,
    });
    const shown = await notifications.fetch();
    assert.equal(shown.logEnabled, true);
    assert.deepEqual([shown.newMessage.enabled, shown.newMessage.template], [true, template]);
    assert.deepEqual(await service.bindings.list({ bindingType: ["apn", "fcm"], identity: ["ann", "ben"] }), []);
  }),

  a_role_is_made_changed_and_deleted: inService(async (service) => {
    const made = await service.roles.create({
      friendlyName: "guest",
      type: "conversation",
      permission: ["sendMessage", "leaveConversation"],
    });
    assert.deepEqual([made.friendlyName, made.type], ["guest", "conversation"]);
    assert.deepEqual(sorted(made.permissions), ["leaveConversation", "sendMessage"]);
    assert.ok(made.dateCreated instanceof Date);
    const changed = await service.roles(made.sid).update({ permission: ["sendMessage"] });
    assert.deepEqual(changed.permissions, ["sendMessage"]);
    assert.deepEqual((await service.roles(made.sid).fetch()).permissions, ["sendMessage"]);
    assert.ok(sids(await service.roles.list({ pageSize: 2 })).includes(made.sid));
    assert.deepEqual(await refused(() => service.roles(made.sid).update({ permission: ["fly"] })), [400, 50104]);
    assert.deepEqual((await service.roles(made.sid).fetch()).permissions, ["sendMessage"]);
    assert.equal(await service.roles(made.sid).remove(), true);
    assert.deepEqual(await refused(() => service.roles(made.sid).fetch()), NOT_FOUND);
  }),

  a_user_is_made_changed_and_deleted: inService(async (service) => {
    const role = await service.roles.create({
      friendlyName: "guest",
      type: "service",
      permission: ["editOwnUserInfo"],
    });
    const made = await service.users.create({
      xTwilioWebhookEnabled: "true",
      identity: "ann@example.com",
      friendlyName: "Ann",
      attributes: '{"desk": 1}',
      roleSid: role.sid,
    });
    const found = await service.users("ann@example.com").fetch();
    for (const shown of [made, found]) {
      assert.deepEqual([shown.identity, shown.friendlyName], ["ann@example.com", "Ann"]);
      assert.deepEqual([shown.attributes, shown.roleSid], ['{"desk": 1}', role.sid]);
      assert.ok(shown.dateCreated instanceof Date);
      assert.deepEqual(Object.keys(shown.links), ["user_conversations"]);
    }
    assert.equal(found.sid, made.sid);
    assert.equal((await service.users(made.sid).fetch()).sid, made.sid);
    const twice = () => service.users.create({ identity: "ann@example.com", friendlyName: "Other" });
    assert.deepEqual(await refused(twice), [409, 50201]);
    const changed = await service.users(made.sid).update({
      xTwilioWebhookEnabled: "true",
      friendlyName: "Ann Lee",
      attributes: '{"desk": 2}',
    });
    assert.deepEqual([changed.friendlyName, changed.attributes], ["Ann Lee", '{"desk": 2}']);
    const others = [];
    for (let number = 0; number < 2; number += 1) {
      others.push((await service.users.create({ identity: `user ${number}` })).sid);
    }
    assert.deepEqual(sorted(sids(await service.users.list({ pageSize: 2 }))), sorted([made.sid, ...others]));
    assert.equal((await service.users.list({ limit: 2 })).length, 2);
    assert.equal(await service.users(made.sid).remove({ xTwilioWebhookEnabled: "true" }), true);
    assert.deepEqual(await refused(() => service.users(made.sid).fetch()), NOT_FOUND);
  }),

  a_user_reads_their_conversations: inService(async (service) => {
    const { sid } = await service.conversations.create({ uniqueName: "elm", friendlyName: "12 Elm Street" });
    const conversation = service.conversations(sid);
    const joined = await conversation.participants.create({ identity: "ann" });
    for (let number = 0; number < 3; number += 1) {
      await conversation.messages.create({ author: "ben", body: `Number ${number}` });
    }
    const user = service.users("ann");
    const seen = user.userConversations("elm");
    let found = await seen.fetch();
    assert.deepEqual([found.conversationSid, found.participantSid], [sid, joined.sid]);
    assert.deepEqual([found.uniqueName, found.friendlyName], ["elm", "12 Elm Street"]);
    assert.equal(found.conversationState, "active");
    assert.deepEqual([found.lastReadMessageIndex, found.unreadMessagesCount], [null, null]);
    assert.deepEqual([found.notificationLevel, found.userSid], ["default", (await user.fetch()).sid]);
    assert.deepEqual(sorted(Object.keys(found.links)), ["conversation", "participant"]);

    await seen.update({ notificationLevel: "muted", lastReadMessageIndex: 0, lastReadTimestamp: CREATED });
    found = await seen.fetch();
    assert.equal(found.notificationLevel, "muted");
    assert.deepEqual([found.lastReadMessageIndex, found.unreadMessagesCount], [0, 2]);
    const wrong = () => seen.update({ notificationLevel: "loud", lastReadMessageIndex: 2 });
    assert.deepEqual(await refused(wrong), [400, 50210]);
    assert.equal((await seen.fetch()).lastReadMessageIndex, 0);

    const other = await service.conversations.create();
    await service.conversations(other.sid).participants.create({ identity: "ann" });
    const every = await user.userConversations.list({ pageSize: 1 });
    assert.deepEqual(sorted(every.map((each) => each.conversationSid)), sorted([sid, other.sid]));
    assert.equal((await user.userConversations.list({ limit: 1 })).length, 1);
    assert.equal(await seen.remove(), true);
    assert.deepEqual(await refused(() => seen.fetch()), NOT_FOUND);
    assert.deepEqual(sids(await conversation.participants.list()), []);
  }),

  // --- API keys and access tokens

  async an_api_key_is_made_used_and_revoked() {
    const keys = client.iam.v1;
    const made = await keys.newApiKey.create({ accountSid: PARTYLINE_ACCOUNT_SID, friendlyName: "SDK" });
    assert.match(made.sid, /^SK[0-9a-f]{32}$/);
    assert.ok(made.dateCreated instanceof Date);
    const byKey = connect(made.sid, made.secret);
    const conversation = await byKey.conversations.v1.conversations.create({ friendlyName: "By key" });
    assert.equal(conversation.accountSid, PARTYLINE_ACCOUNT_SID);
    assert.equal(await byKey.conversations.v1.conversations(conversation.sid).remove(), true);

    assert.equal((await keys.apiKey(made.sid).update({ friendlyName: "Renamed" })).friendlyName, "Renamed");
    assert.equal((await keys.apiKey(made.sid).fetch()).friendlyName, "Renamed");
    assert.ok(sids(await keys.getApiKeys.list({ accountSid: PARTYLINE_ACCOUNT_SID })).includes(made.sid));
    assert.deepEqual(await refused(() => byKey.iam.v1.apiKey(made.sid).fetch()), [401, 20003]);
    assert.equal(await keys.apiKey(made.sid).remove(), true);
    assert.deepEqual(await refused(() => keys.apiKey(made.sid).fetch()), NOT_FOUND);
    assert.deepEqual(await refused(() => byKey.conversations.v1.conversations.create()), [401, 20003]);
  },

  an_access_token_is_an_identitys_credentials: inService(async (service) => {
    const { sid: serviceSid } = await service.fetch();
    const key = await client.iam.v1.newApiKey.create({ accountSid: PARTYLINE_ACCOUNT_SID, friendlyName: "SDK" });
    const { AccessToken } = twilio.jwt;
    const options = { identity: "ann@example.com", ttl: 600 };
    const token = new AccessToken(PARTYLINE_ACCOUNT_SID, key.sid, key.secret, options);
    token.addGrant(new AccessToken.ChatGrant({ serviceSid }));
    const asAnn = (method, path, form) =>
      ask(method, `/v1/Services/${serviceSid}${path}`, `Bearer ${token.toJwt()}`, form);

    const made = await asAnn("POST", "/Conversations", { FriendlyName: "12 Elm Street" });
    assert.deepEqual([made.status, made.body.friendly_name], [201, "12 Elm Street"]);
    const conversation = service.conversations(made.body.sid);
    const [member, ...more] = await conversation.participants.list();
    assert.deepEqual([member.identity, more], ["ann@example.com", []]);
    const said = await asAnn("POST", `/Conversations/${made.body.sid}/Messages`, { Body: "Hello" });
    assert.deepEqual([said.status, said.body.author], [201, "ann@example.com"]);
    assert.equal(said.body.participant_sid, member.sid);
    assert.equal((await conversation.messages(said.body.sid).fetch()).body, "Hello");

    const hidden = await service.conversations.create();
    let answer = await asAnn("GET", `/Conversations/${hidden.sid}`);
    assert.deepEqual([answer.status, answer.body.code], NOT_FOUND);
    answer = await asAnn("GET", "/Conversations");
    assert.deepEqual(sids(answer.body.conversations), [made.body.sid]);
    answer = await asAnn("POST", "/Roles", { FriendlyName: "admin", Type: "service", Permission: "editAnyUserInfo" });
    assert.deepEqual([answer.status, answer.body.code], [403, 50107]);

    assert.equal(await client.iam.v1.apiKey(key.sid).remove(), true);
    answer = await asAnn("GET", `/Conversations/${made.body.sid}`);
    assert.deepEqual([answer.status, answer.body.code], [401, 20103]);
  }),
};

async function main() {
  for (const [name, scenario] of Object.entries(scenarios)) {
    const error = await scenario().then(
      () => null,
      (failed) => failed.stack ?? String(failed),
    );
    console.log(JSON.stringify({ name, error }));
  }
}

main();
