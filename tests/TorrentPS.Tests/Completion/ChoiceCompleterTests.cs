using System.Management.Automation;
using System.Reflection;
using TorrentPS.Arguments;
using TorrentPS.Commands;
using TorrentPS.Completion;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Trackers;
using TorrentPS.Engine.Values;

namespace TorrentPS.Tests.Completion;

/// <summary>The completions offered; the Pester suite tests that Tab offers them.</summary>
public sealed class ChoiceCompleterTests
{
    [Fact]
    public void Each_offered_rate_is_valid()
    {
        Assert.All(new ByteRateCompleter().Choices, choice => Assert.True(ByteRate.TryParse(choice.Value, out _), choice.Value));
    }

    [Fact]
    public void Each_value_is_explained()
    {
        Assert.All(new ByteRateCompleter().Choices, choice => Assert.EndsWith(".", choice.ToolTip, StringComparison.Ordinal));
        Assert.All(new LocalAddressCompleter().Choices, choice => Assert.EndsWith(".", choice.ToolTip, StringComparison.Ordinal));
        Assert.All(new LocalNetworkCompleter().Choices, choice => Assert.EndsWith(".", choice.ToolTip, StringComparison.Ordinal));
        Assert.All(new AnnouncedAddressCompleter().Choices, choice => Assert.EndsWith(".", choice.ToolTip, StringComparison.Ordinal));
        Assert.All(new OwnNetworkCompleter().Choices, choice => Assert.EndsWith(".", choice.ToolTip, StringComparison.Ordinal));
        Assert.All(new TrafficClassCompleter().Choices, choice => Assert.EndsWith(".", choice.ToolTip, StringComparison.Ordinal));
    }

    [Fact]
    public void The_addresses_of_this_machine_are_offered()
    {
        string[] offered = [.. new LocalAddressCompleter().Choices.Select(choice => choice.Value)];

        Assert.Contains("0.0.0.0", offered);
        Assert.Contains("127.0.0.1", offered);
        Assert.Contains("127.0.0.1", new LocalNetworkCompleter().Choices.Select(choice => choice.Value));
    }

    [Fact]
    public void Offered_networks_and_traffic_classes_are_valid()
    {
        Assert.Contains("127.0.0.0/8", new OwnNetworkCompleter().Choices.Select(choice => choice.Value));
        Assert.All(new OwnNetworkCompleter().Choices, choice => AllowedAddresses.Parse(choice.Value));
        Assert.All(new TrafficClassCompleter().Choices, choice => Assert.Equal(choice.Value, TrafficClass.Parse(choice.Value).ToString()));
    }

    [Theory]
    [InlineData(typeof(StartTorrentDownloadCommand))]
    [InlineData(typeof(StartTorrentSeedCommand))]
    [InlineData(typeof(SaveTorrentCommand))]
    public void Offered_addresses_to_announce_are_valid(Type command)
    {
        CustomAttributeData attribute = Assert.Single(command.GetProperty("AnnounceAddress")!.GetCustomAttributesData(), data => data.AttributeType == typeof(ArgumentCompleterAttribute));
        var completer = (Type)attribute.ConstructorArguments[0].Value!;

        string[] offered = [.. ((ChoiceCompleter)Activator.CreateInstance(completer)!).Choices.Select(choice => choice.Value)];

        Assert.Contains("127.0.0.1", offered);
        Assert.All(offered, address => AnnouncedAddress.Parse(address));
    }
}
