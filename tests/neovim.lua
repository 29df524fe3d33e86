-- Opens a file with a finding, applies the first code action on it, and writes down what was seen.
-- Neovim 0.7 and newer; run with the server's command in $SERVER and the place of the answer in $SEEN, both as JSON.

local seen = {}

local function found()
  local codes = {}
  for _, each in ipairs(vim.diagnostic.get(0)) do
    table.insert(codes, each.code or each.user_data.lsp.code)
  end
  return codes
end

local function until_found(number)
  return vim.wait(30000, function() return #vim.diagnostic.get(0) == number end, 10)
end

vim.ui.select = function(items, _, choose) choose(items[1], 1) end

local client = vim.lsp.start_client({
  name = 'asynclint',
  cmd = vim.fn.json_decode(vim.env.SERVER),
  root_dir = vim.fn.getcwd(),
})
vim.cmd('edit wait.py')
vim.lsp.buf_attach_client(0, client)

seen.came = until_found(1)
seen.before = found()
local first = vim.diagnostic.get(0)[1]
if first then
  seen.place = { first.lnum, first.col, first.end_lnum, first.end_col }
  seen.severity, seen.message = first.severity, first.message
  vim.api.nvim_win_set_cursor(0, { first.lnum + 1, first.col })
  local before = vim.api.nvim_buf_get_lines(0, 0, -1, false)
  vim.lsp.buf.code_action()
  vim.wait(30000, function() return not vim.deep_equal(before, vim.api.nvim_buf_get_lines(0, 0, -1, false)) end, 10)
end
seen.went = until_found(0)
seen.after = found()
seen.lines = vim.api.nvim_buf_get_lines(0, 0, -1, false)

vim.fn.writefile({ vim.fn.json_encode(seen) }, vim.env.SEEN)
vim.lsp.stop_client(client)
vim.wait(5000, function() return vim.lsp.get_client_by_id(client) == nil end, 10)
vim.cmd('qall!')
