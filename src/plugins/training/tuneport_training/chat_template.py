"""The tiny model's chat template: ChatML, with tools, reasoning, and marks around what the assistant says.

A trainer that learns the assistant's turns alone (`assistant_only_loss` in TRL) finds them by the marks
`{% generation %}`. Arguments of a tool call may be an object or JSON text.
"""

from __future__ import annotations

START, END, PAD = "<|im_start|>", "<|im_end|>", "<|endoftext|>"

SPECIAL = (PAD, START, END)
"""The special tokens, in the order of their ids."""

CHATML = """\
{%- if tools %}
    {{- '<|im_start|>system\\nTools:' }}
    {%- for tool in tools %}{{- '\\n' + (tool | tojson) }}{%- endfor %}
    {{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.role == 'assistant' %}
        {%- generation %}
        {%- set reasoning = message.reasoning_content or message.thinking %}
        {%- if reasoning %}{{- '<think>\\n' + reasoning + '\\n</think>\\n\\n' }}{%- endif %}
        {{- message.content or '' }}
        {%- for call in message.tool_calls or [] %}
            {%- set call = call.function or call %}
            {%- set arguments = call.arguments if call.arguments is string else call.arguments | tojson %}
            {{- '<tool_call>\\n{"name": "' + call.name + '", "arguments": ' + arguments + '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
        {%- endgeneration %}
    {%- else %}
        {{- (message.content or '') + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""
