-- Room in the minute that is kept for a long text. Stands after room.lua; a part of a step that looks at those who wait
-- in the order of their tags. Short texts find room again and again in a minute that is nearly full, and each takes what
-- would have become the long one's: whoever comes later in the order takes only what the long one will not need.

-- Channel -> {tokens that others may take, ms until the long text has its room}.
local kept = {}

-- Keeps room for a text that no channel can take now: in the channel that has room for it first, if that channel is
-- others', too (shared: channel -> whether it is). One that counts no tokens will have room for it without that.
local function keepRoom(channels, tokens, shared)
  local best, soonest, spare
  for _, c in ipairs(channels) do
    if barredOf(c) == 0 then
      if not c.tpm or kept[c.id] then return end
      local ms, left = 0, 0
      if shared(c) then ms, left = roomOf(c, tokens) end
      if not soonest or ms < soonest then best, soonest, spare = c, ms, left end
    end
  end
  if best and shared(best) then kept[best.id] = { tokens = spare, ms = soonest } end
end

-- Of some channels those that a text may take although room is kept in them.
local function besidesKept(channels, tokens)
  if not next(kept) then return channels end
  local open = {}
  for _, c in ipairs(channels) do
    local room = kept[c.id]
    local fits = not room or (tokensFor(c, tokens) <= room.tokens and (room.ms == 0 or gapOf(stateOf(c), costOf(c, tokens)) <= room.ms))
    if fits then open[#open + 1] = c end
  end
  return open
end

local function takeBeside(c, tokens)
  if kept[c.id] then kept[c.id].tokens = kept[c.id].tokens - tokensFor(c, tokens) end
end
