using System.CommandLine;
using TorrentPS.Cli.Commands;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Trackers;
using TorrentPS.Engine.Values;

namespace TorrentPS.Cli.Tests;

/// <summary>The tool accepts the same inputs as the cmdlets.</summary>
public sealed class FaceInputsTests
{
    public static TheoryData<string, string?> Peers => FaceInputs.Peers;

    public static TheoryData<string, long?> Rates => FaceInputs.Rates;

    public static TheoryData<string, bool> Networks => FaceInputs.Networks;

    public static TheoryData<string, string?> AnnouncedAddresses => FaceInputs.AnnouncedAddresses;

    public static TheoryData<string, int?> TrafficClasses => FaceInputs.TrafficClasses;

    public static TheoryData<string> UnusableHosts => FaceInputs.UnusableHosts;

    public static TheoryData<string, bool> WebAddresses => FaceInputs.WebAddresses;

    [Theory]
    [MemberData(nameof(Peers))]
    public void Peers_are_parsed_as_in_cmdlets(string text, string? expected)
    {
        Option<PeerAddress[]?> option = OptionFactory.Peers("");
        ParseResult result = new RootCommand { option }.Parse(["--peer", text]);
        Assert.Equal(expected, result.Errors.Count > 0 ? null : Assert.Single(result.GetValue(option)!).ToString());
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public void Rates_are_parsed_as_in_cmdlets(string text, long? expected)
    {
        Option<long?> option = OptionFactory.Rate("--limit", "");
        ParseResult result = new RootCommand { option }.Parse([$"--limit={text}"]);
        Assert.Equal(expected, result.Errors.Count > 0 ? null : result.GetValue(option));
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Networks_are_accepted_as_by_cmdlets(string text, bool isTaken) =>
        AssertTaken(OptionFactory.AllowedAddresses(), text, isTaken ? text : null, $"is not a network: give {AllowedAddresses.Expected}.");

    [Theory]
    [MemberData(nameof(AnnouncedAddresses))]
    public void Announced_addresses_are_accepted_as_by_cmdlets(string text, string? expected) =>
        AssertTaken(OptionFactory.AnnounceAddress(), text, expected, $"'{text}' is not an address to announce: give {AnnouncedAddress.Expected}.");

    [Theory]
    [MemberData(nameof(TrafficClasses))]
    public void Traffic_classes_are_accepted_as_by_cmdlets(string text, int? expected)
    {
        string? written = expected is { } value ? new TrafficClass(value).ToString() : null;
        AssertTaken(OptionFactory.TrafficClass(), text, written, $"'{text}' is not a traffic class: give {TrafficClass.Expected}.");
    }

    [Theory]
    [MemberData(nameof(WebAddresses))]
    public void Web_addresses_are_accepted_as_by_cmdlets(string text, bool isTaken)
    {
        Option<Uri[]?> option = OptionFactory.WebSeeds("");
        ParseResult result = new RootCommand { option }.Parse([option.Name, text]);
        Assert.Equal(isTaken ? [] : [$"'{text}' is not a web address. Give one that begins with http:// or https://."], result.Errors.Select(error => error.Message));
    }

    private static void AssertTaken<T>(Option<T> option, string text, string? expected, string error)
    {
        ParseResult result = new RootCommand { option }.Parse(text.Length > 0 ? [$"{option.Name}={text}"] : [option.Name, text]);
        if (expected is null)
            Assert.EndsWith(error, Assert.Single(result.Errors).Message, StringComparison.Ordinal);
        else
            Assert.Equal(expected.Replace(",", ", ", StringComparison.Ordinal), $"{result.GetValue(option)}");
    }

    [Theory]
    [MemberData(nameof(UnusableHosts))]
    public void Addresses_with_unusable_hosts_are_refused(string host)
    {
        Option[] options = [OptionFactory.Proxy(), OptionFactory.Trackers("--tracker", ""), OptionFactory.Uris("--web-seed", ""), OptionFactory.Peers("")];
        Assert.All(options, option => Assert.Single(new RootCommand { option }.Parse([option.Name, option.Name == "--peer" ? $"{host}:6881" : $"http://{host}"]).Errors));
    }
}
