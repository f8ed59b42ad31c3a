// The official client against the fake Mattermost. Takes what `fake-mattermost` says about itself as
// JSON, does what people and a bot do, and prints what came of it as JSON.

const { createRequire } = require('node:module');
const http = require('node:http');
const { once } = require('node:events');

const [installed, said] = process.argv.slice(2);
const tools = createRequire(`${installed}/package.json`);
const { Client4, WebSocketClient } = tools('@mattermost/client');
globalThis.WebSocket = tools('ws');

const place = JSON.parse(said);
const report = {};
console.log = () => {};

function clientFor(token) {
    const client = new Client4();
    client.setUrl(place.url);
    if (token) client.setToken(token);
    return client;
}

// A client's socket, and a way to wait for what comes over it.
class Listener {
    constructor(token, headers) {
        this.heard = [];
        this.waiting = [];
        this.missed = 0;
        this.url = place.url.replace('http', 'ws') + '/api/v4/websocket';
        this.token = token;
        // Nothing comes back by itself: the script says when.
        this.socket = new WebSocketClient({
            minWebSocketRetryTime: 1e8,
            newWebSocketFn: (url) => new WebSocket(url, { headers }),
        });
        this.socket.addMessageListener((message) => {
            this.heard.push(message);
            this.waiting = this.waiting.filter((waiter) => !waiter(message));
        });
        this.socket.addMissedMessageListener(() => { this.missed += 1; });
    }

    open() {
        this.socket.clearReconnectTimeout();
        this.socket.initialize(this.url, this.token);
    }

    next(name, wanted = () => true) {
        const fits = (message) => message.event === name && wanted(message);
        const found = this.heard.find(fits);
        if (found) return Promise.resolve(found);
        return new Promise((resolve) => {
            this.waiting.push((message) => fits(message) && (resolve(message), true));
        });
    }

    ask(action, data) {
        return new Promise((resolve) => this.socket.sendMessage(action, data, resolve));
    }
}

// The integration behind buttons, commands and dialogs.
async function integration(answer) {
    const calls = [];
    const server = http.createServer(async (request, response) => {
        let body = '';
        for await (const chunk of request) body += chunk;
        calls.push({ path: request.url, headers: request.headers, body });
        const said = await answer(request.url, body);
        response.setHeader('Content-Type', 'application/json');
        response.end(JSON.stringify(said));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { calls, url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

const answers = {
    '/click': () => ({
        update: { message: 'decided', props: {} },
        ephemeral_text: 'Thank you.',
    }),
    '/command': async (body) => {
        await fetch(`${place.url}/api/v4/actions/dialogs/open`, {
            method: 'POST',
            body: JSON.stringify({
                trigger_id: new URLSearchParams(body).get('trigger_id'),
                url: `${behind.url}/dialog`,
                dialog: { callback_id: 'deny', title: 'Deny', state: 'kept', elements: [] },
            }),
        });
        return { response_type: 'ephemeral', text: 'All is well.' };
    },
    '/dialog': () => ({ errors: { reason: 'is missing' } }),
};

let behind;

async function main() {
    behind = await integration((path, body) => answers[path](body));
    const ann = clientFor();
    report.wrongPassword = await ann.login('ann', 'wrong').catch((error) => [
        error.status_code, error.server_error_id]);
    const me = await ann.login('ann', 'ann-password');
    report.login = [me.username, (await ann.getMe()).id === me.id];
    const [team] = await ann.getMyTeams();
    report.teams = team.name;
    report.channels = (await ann.getMyChannels(team.id)).map((channel) => channel.name);
    const config = await ann.getClientConfig();
    report.signingKey = typeof config.AsymmetricSigningPublicKey;

    const listener = new Listener(ann.token, {});
    listener.open();
    report.hello = typeof (await listener.next('hello')).data.connection_id;
    report.ping = (await listener.ask('ping', {})).data.text;

    const channel = place.channel.id;
    const bot = clientFor(place.bots.signer.token);
    const root = await bot.createPost({ channel_id: channel, message: 'hello @ann' });
    const heard = await listener.next('posted', (event) => event.data.mentions);
    report.posted = [JSON.parse(heard.data.post).message, JSON.parse(heard.data.mentions)[0] === me.id];
    await bot.createPost({ channel_id: channel, message: 'a reply', root_id: root.id });
    report.thread = (await ann.getPostThread(root.id)).order.length;
    report.edited = (await bot.patchPost({ id: root.id, message: 'hello again' })).message;

    await pressesAButton(ann, bot, channel, listener);
    await runsACommand(ann, bot, team, channel, listener);
    await sendsAFile(ann, channel);
    await comesBack(bot, channel);

    listener.socket.close();
    behind.close();
    process.stdout.write(JSON.stringify(report));
    process.exit(0);
}

async function pressesAButton(ann, bot, channel, listener) {
    const card = await bot.createPost({
        channel_id: channel,
        message: 'May it?',
        props: { attachments: [{ text: 'rm', actions: [{
            id: 'allowonce', type: 'button', name: 'Allow once',
            integration: { url: `${behind.url}/click`, context: { a: '1' } },
        }] }] },
    });
    const shown = (await ann.getPost(card.id)).props.attachments[0].actions[0];
    report.button = [shown.name, 'integration' in shown];
    const clicked = await ann.doPostActionWithCookie(card.id, 'allowonce', '');
    report.clicked = [clicked.status, clicked.trigger_id.length];
    const edited = await listener.next('post_edited', (event) => event.data.post.includes(card.id));
    report.update = JSON.parse(edited.data.post).message;
    const told = await listener.next('ephemeral_message');
    report.ephemeral = [JSON.parse(told.data.post).message, JSON.parse(told.data.post).root_id === card.id];
    report.noSuchAction = await ann.doPostActionWithCookie(card.id, 'allow_once', '').catch(
        (error) => error.status_code);
}

async function runsACommand(ann, bot, team, channel, listener) {
    const command = await bot.addCommand({
        team_id: team.id, trigger: 'cs-status', method: 'P', url: `${behind.url}/command`,
        auto_complete: true, auto_complete_desc: 'How it stands', display_name: 'Status',
    });
    report.command = [command.token.length, command.trigger];
    const said = await ann.executeCommand('/cs-status now', { channel_id: channel, team_id: team.id });
    report.said = said.text;
    const sent = behind.calls.find((call) => call.path === '/command');
    report.invocation = [
        sent.headers.authorization === `Token ${command.token}`,
        new URLSearchParams(sent.body).get('text'),
    ];
    report.notFound = await ann.executeCommand('/nothing', { channel_id: channel }).catch(
        (error) => error.server_error_id);
    const opened = JSON.parse((await listener.next('open_dialog')).data.dialog);
    const submitted = await ann.submitInteractiveDialog({
        url: opened.url, callback_id: opened.dialog.callback_id, state: opened.dialog.state,
        user_id: 'somebody else', channel_id: channel, team_id: team.id,
        submission: { reason: '' }, cancelled: false,
    });
    const filled = JSON.parse(behind.calls.find((call) => call.path === '/dialog').body);
    report.dialog = [submitted.errors.reason, filled.state, filled.user_id === place.users.ann.id];
}

async function sendsAFile(ann, channel) {
    const form = new FormData();
    form.append('channel_id', channel);
    form.append('client_ids', 'mine');
    form.append('files', new Blob(['content of the file'], { type: 'text/plain' }), 'note.txt');
    const uploaded = await ann.uploadFile(form);
    const [file] = uploaded.file_infos;
    const post = await ann.createPost({ channel_id: channel, message: '', file_ids: [file.id] });
    const content = await fetch(ann.getFileUrl(file.id, 0), {
        headers: { Authorization: `Bearer ${ann.token}` },
    });
    report.file = [file.name, uploaded.client_ids[0], post.metadata.files[0].size, await content.text()];
}

// A browser shows who it is with the handshake already, and so may take over where it was.
async function comesBack(bot, channel) {
    const bob = clientFor();
    const me = await bob.login('bob', 'bob-password');
    const listener = new Listener(bob.token, { Authorization: `Bearer ${bob.token}` });
    listener.open();
    await listener.next('hello');
    listener.socket.conn.terminate();
    while ((await bob.getStatus(me.id)).status !== 'offline') { /* until the server has noticed */ }
    const message = 'said while away';
    await bot.createPost({ channel_id: channel, message });
    listener.open();
    const event = await listener.next('posted', (event) => event.data.post.includes(message));
    report.cameBack = [event.seq, listener.missed];
    listener.socket.close();
}

main().catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
});
