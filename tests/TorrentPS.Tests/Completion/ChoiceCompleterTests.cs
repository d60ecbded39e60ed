using System.Collections;
using System.Management.Automation;
using TorrentPS.Completion;

namespace TorrentPS.Tests.Completion;

public sealed class ChoiceCompleterTests
{
    [Fact]
    public void What_begins_with_the_word_is_offered_with_its_meaning()
    {
        CompletionResult result = Assert.Single(Complete(new ByteRateCompleter(), "5m"));

        Assert.Equal("5MB", result.CompletionText);
        Assert.Contains("a second", result.ToolTip, StringComparison.Ordinal);
    }

    [Fact]
    public void The_addresses_of_this_machine_are_offered()
    {
        Assert.Contains("0.0.0.0", Complete(new LocalAddressCompleter(), "").Select(result => result.CompletionText));
        Assert.Contains("127.0.0.1", Complete(new LocalAddressCompleter(), "127").Select(result => result.CompletionText));
    }

    // The command line is not looked at.
    private static CompletionResult[] Complete(ChoiceCompleter completer, string word) => [.. completer.CompleteArgument("", "", word, null!, new Hashtable())];
}
