-- When the minute of a channel has tokens for a call. Stands after budget.lua; a part, not a step.

-- The ms until a channel's minute has room for a text, if nothing else goes out; and how many tokens of others may go out
-- all the same without making that later.
local function roomOf(c, tokens)
  local state = stateOf(c)
  local lacking = state.tokens + tokensFor(c, tokens) - c.tpm
  if lacking <= 0 then return 0, -lacking end
  local fields = {}
  for i = 1, KEPT do fields[i] = 't' .. (SLOT - KEPT + i) end
  local booked = redis.call('HMGET', state.key .. ':ring', unpack(fields))
  local over = 0
  for i = 1, KEPT do
    over = over + (tonumber(booked[i]) or 0)
    if over >= lacking then return (SLOT + i) * BUCKET - NOW, over - lacking end
  end
  return WINDOW, 0
end
