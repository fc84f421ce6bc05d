// The try-out page: enter as a demo user, talk, stop, leave in mid-answer and come back.
import { ApiError, branding, call, currentUser, json, switchUser } from './api.js';
import { labelCopies, labelled, setNotice } from './label.js';
import { Typist, follow } from './stream.js';
import { closeWallet, refreshBalance, wireWallet } from './wallet.js';

const $ = (id) => document.getElementById(id);
const state = { conversation: undefined, runId: undefined, models: [], busy: false, cursor: undefined, visit: 0 };
const REMEMBERED = () => `bailiao.run.${currentUser()}`;

function toast(text) {
  $('toast').textContent = text;
  $('toast').hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { $('toast').hidden = true; }, 4_000);
}

/** Runs what a person asked for, and says what went wrong. */
const guarded = (act) => async (...args) => {
  try {
    await act(...args);
  } catch (error) {
    toast(error instanceof ApiError ? error.message : '出错了，请刷新页面');
    if (!(error instanceof ApiError)) console.error(error);
  }
};

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function button(text, act) {
  const node = element('button', '', text);
  node.type = 'button';
  node.addEventListener('click', guarded(act));
  return node;
}

/** Text only: line ends and code fences are all the form that an answer gets. */
function write(bubble, text) {
  bubble.replaceChildren(...text.split(/```(?:\w*\n)?/).map((part, at) => (at % 2 === 1 ? element('code', '', part.replace(/\n$/, '')) : document.createTextNode(part))));
}

function bubbleFor(role) {
  const item = element('li', `message ${role}`);
  const bubble = element('div', 'bubble');
  if (role === 'assistant') bubble.setAttribute('aria-live', 'polite');
  item.append(bubble);
  $('messages').append(item);
  $('empty').hidden = true;
  return { item, bubble };
}

const ENDS = { stopped: '已停止', failed: '回答中断', refused: '回答已被收回', recalled: '回答未通过内容审核' };

function tools(item, message, newest) {
  item.querySelector('.tools')?.remove();
  const bar = element('div', 'tools');
  const answers = [...message.alternatives, message];
  let at = answers.length - 1;
  const bubble = item.querySelector('.bubble');
  // One that was refused before its first word has none to show.
  bubble.hidden = answers[at].content === '';
  if (answers.length > 1) {
    const label = element('span', '', `${at + 1}/${answers.length}`);
    const turn = (step) => async () => {
      at = (at + step + answers.length) % answers.length;
      write(bubble, answers[at].content);
      bubble.hidden = answers[at].content === '';
      label.textContent = `${at + 1}/${answers.length}`;
    };
    const back = button('‹', turn(-1));
    back.setAttribute('aria-label', '上一个回答');
    const on = button('›', turn(1));
    on.setAttribute('aria-label', '下一个回答');
    bar.append(back, label, on);
  }
  if (answers.some(({ content }) => content !== '')) {
    bar.append(button('复制', async () => {
      await navigator.clipboard.writeText(labelled(answers[at].content));
      toast('已复制');
    }));
  }
  if (newest) bar.append(button('重新回答', () => regenerate(message.id)));
  if (ENDS[message.state]) bar.append(element('span', 'fault', ENDS[message.state]));
  item.append(bar);
}

function atEnd() {
  const talk = $('talk');
  return talk.scrollHeight - talk.scrollTop - talk.clientHeight < 120;
}

function toEnd() {
  $('talk').scrollTop = $('talk').scrollHeight;
}

function setBusy(busy) {
  state.busy = busy;
  $('send').hidden = busy;
  $('stop').hidden = !busy;
  $('status').textContent = '';
}

async function showMessages() {
  const visit = (state.visit += 1);
  const id = state.conversation?.id;
  const { data } = id === undefined ? { data: [] } : await json('GET', `/v1/conversations/${id}/messages?limit=50`);
  if (visit !== state.visit) return;
  $('messages').replaceChildren();
  $('empty').hidden = data.length > 0;
  const messages = [...data].reverse();
  for (const [at, message] of messages.entries()) {
    const { item, bubble } = bubbleFor(message.role);
    write(bubble, message.role === 'user' && message.state === 'refused' ? '（这条提问未通过内容审核）' : message.content);
    if (message.role === 'assistant') tools(item, message, at === messages.length - 1 && messages[at - 1]?.state !== 'refused');
  }
  $('title').textContent = state.conversation?.title ?? document.title.split(' · ')[0];
  toEnd();
  // A question without an answer: its run goes on, begun here or on another device.
  state.unanswered = data[0]?.role === 'user' ? data[0].run_id : undefined;
}

/** Streams a run into a bubble; what a reload needs is kept in this tab. */
async function stream({ open, known }) {
  const { item, bubble } = bubbleFor('assistant');
  bubble.classList.add('waiting');
  const typist = new Typist((text) => {
    const end = atEnd();
    write(bubble, text);
    if (end) toEnd();
  });
  if (known) typist.add(known.text, undefined, known.seq);
  setBusy(true);
  toEnd();
  const conversation = state.conversation.id;
  let failed;
  let ended;
  try {
    await follow({
      open, known,
      onRun: (runId) => { state.runId = runId; },
      onEvent: ({ event, data }, seq) => {
        if (event === 'queued') $('status').textContent = `排队中，第 ${data.position} 位，约 ${Math.ceil(data.eta_ms / 1000)} 秒`;
        if (event === 'started') $('status').textContent = '正在回答…';
        if (event === 'delta') typist.add(data.content, data.pace, seq);
        if (event === 'recall') typist.recall(data.from_seq, data.replace, seq);
        if (event === 'error') failed = data.message;
        if (event === 'done' && data.credits !== undefined) ended = data;
        sessionStorage.setItem(REMEMBERED(), JSON.stringify({ conversation, runId: state.runId, seq, text: typist.text }));
      },
    });
  } finally {
    typist.finish();
    bubble.classList.remove('waiting');
    state.runId = undefined;
    sessionStorage.removeItem(REMEMBERED());
    setBusy(false);
  }
  if (failed) toast(failed);
  else if (ended?.low_balance) toast(`本次 ${ended.credits} 点，余额只剩 ${ended.balance} 点，请及时充值`);
  else if (ended) $('status').textContent = `本次 ${ended.credits} 点 · 余额 ${ended.balance}`;
  if (state.conversation?.id !== conversation) return;
  await Promise.all([refreshTitle(), showMessages()]);
  item.querySelector('.tools')?.scrollIntoView({ block: 'nearest' });
}

async function refreshTitle() {
  state.conversation = await json('GET', `/v1/conversations/${state.conversation.id}`);
}

async function send() {
  const content = $('input').value.trim();
  if (content === '' || state.busy) return;
  setBusy(true);
  try {
    state.conversation ??= await json('POST', '/v1/conversations', { model: $('model').value });
  } catch (error) {
    setBusy(false);
    throw error;
  }
  localStorage.setItem(`bailiao.last.${currentUser()}`, state.conversation.id);
  write(bubbleFor('user').bubble, content);
  $('input').value = '';
  grow();
  const key = crypto.randomUUID();
  const path = `/v1/conversations/${state.conversation.id}/messages?format=sse&keep=true`;
  const body = { content, model: $('model').value };
  try {
    await stream({ open: () => call('POST', path, body, { 'idempotency-key': key }) });
  } catch (error) {
    await showMessages();
    if ($('input').value === '' && error instanceof ApiError && error.status >= 400) $('input').value = content;
    throw error;
  }
}

async function regenerate(id) {
  if (state.busy) return;
  const key = crypto.randomUUID();
  $('messages').lastElementChild?.remove();
  try {
    await stream({ open: () => call('POST', `/v1/messages/${id}/regenerate?format=sse&keep=true`, undefined, { 'idempotency-key': key }) });
  } catch (error) {
    await showMessages();
    throw error;
  }
}

async function stop() {
  if (state.runId) await json('POST', `/v1/runs/${state.runId}/stop`);
}

async function listConversations(more) {
  const { data, next_cursor: next } = await json('GET', `/v1/conversations?limit=20${more && state.cursor ? `&cursor=${encodeURIComponent(state.cursor)}` : ''}`);
  if (!more) $('conversations').replaceChildren();
  state.cursor = next;
  $('more').hidden = next === null;
  $('conversations').append(...data.map(entry));
}

function entry(conversation) {
  const item = element('li', conversation.id === state.conversation?.id ? 'current' : '');
  const open = button(conversation.title ?? '新会话', async () => {
    closeDrawer();
    await openConversation(conversation.id);
  });
  open.className = 'open';
  const rename = button('改名', async () => {
    const title = prompt('会话标题', conversation.title ?? '')?.trim();
    if (title) {
      const changed = await json('PATCH', `/v1/conversations/${conversation.id}`, { title });
      if (state.conversation?.id === conversation.id) $('title').textContent = (state.conversation = changed).title;
      await listConversations(false);
    }
  });
  const remove = button('删除', async () => {
    if (!confirm(`删除“${conversation.title ?? '新会话'}”？删除后无法恢复。`)) return;
    await json('DELETE', `/v1/conversations/${conversation.id}`);
    if (state.conversation?.id === conversation.id) await openConversation(undefined);
    await listConversations(false);
  });
  rename.className = remove.className = 'small';
  item.append(open, rename, remove);
  return item;
}

async function openConversation(id) {
  if (state.busy) return;
  state.conversation = id === undefined ? undefined : await json('GET', `/v1/conversations/${id}`);
  if (id === undefined) localStorage.removeItem(`bailiao.last.${currentUser()}`);
  else localStorage.setItem(`bailiao.last.${currentUser()}`, id);
  if (state.conversation && state.models.includes(state.conversation.model)) $('model').value = state.conversation.model;
  await showMessages();
}

const openDrawer = guarded(async () => {
  $('drawer').hidden = $('shade').hidden = false;
  $('menu').setAttribute('aria-expanded', 'true');
  await Promise.all([listConversations(false), refreshBalance()]);
  $('user').focus();
});

function closeDrawer() {
  $('drawer').hidden = $('shade').hidden = true;
  $('menu').setAttribute('aria-expanded', 'false');
}

function grow() {
  const input = $('input');
  input.style.height = 'auto';
  input.style.height = `${Math.min(140, input.scrollHeight + 2)}px`;
}

/** Shows the user's last conversation, and goes on with an answer that was running when the page was left. */
async function enter() {
  const { data } = await json('GET', '/v1/models');
  state.models = data.map((model) => model.id);
  $('model').replaceChildren(...state.models.map((id) => new Option(id, id)));
  const left = JSON.parse(sessionStorage.getItem(REMEMBERED()) ?? 'null');
  const last = left?.conversation ?? localStorage.getItem(`bailiao.last.${currentUser()}`) ?? undefined;
  await openConversation(last).catch(async (error) => {
    if (error.status !== 404) throw error;
    await openConversation(undefined);
  });
  const known = left?.runId && state.conversation?.id === left.conversation ? left : state.unanswered && { runId: state.unanswered, seq: 0, text: '' };
  if (!known) return;
  // An answer that ended meanwhile is among the messages already.
  const run = await json('GET', `/v1/runs/${known.runId}`);
  if (run.state !== 'opened') return sessionStorage.removeItem(REMEMBERED());
  if ($('messages').lastElementChild?.classList.contains('assistant')) $('messages').lastElementChild.remove();
  await stream({ known });
}

$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  void guarded(send)();
});
$('input').addEventListener('keydown', (event) => {
  // 229: the key went to the input method, which some browsers tell in no other way.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  void guarded(send)();
});
$('input').addEventListener('input', grow);
$('stop').addEventListener('click', guarded(stop));
$('menu').addEventListener('click', () => void openDrawer());
$('shade').addEventListener('click', closeDrawer);
labelCopies($('messages'));
wireWallet({ guarded, element, toast, onOpen: closeDrawer });
document.addEventListener('keydown', (event) => event.key === 'Escape' && closeDrawer());
$('fresh').addEventListener('click', guarded(() => openConversation(undefined)));
$('more').addEventListener('click', guarded(() => listConversations(true)));
$('user').addEventListener('change', guarded(async () => {
  if (state.busy) {
    $('user').value = currentUser();
    return toast('请先停止当前回答');
  }
  switchUser($('user').value);
  closeWallet();
  closeDrawer();
  await enter();
}));

await guarded(async () => {
  $('user').value = currentUser();
  const look = await branding();
  document.title = `${look.display_name} · 试用`;
  $('notice').textContent = look.compliance.notice;
  setNotice(look.compliance.notice);
  if (look.welcome_text) $('empty').firstChild.textContent = look.welcome_text;
  if (/^#[0-9a-f]{6}$/i.test(look.theme_color ?? '')) document.documentElement.style.setProperty('--accent', look.theme_color);
  await enter();
})();
