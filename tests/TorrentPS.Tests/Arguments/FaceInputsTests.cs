using System.Management.Automation;
using System.Net;
using System.Reflection;
using TorrentPS.Arguments;
using TorrentPS.Engine.Values;

namespace TorrentPS.Tests.Arguments;

/// <summary>The module accepts the same inputs as the tool.</summary>
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
    public void Peers_are_parsed_as_in_the_command(string text, string? expected)
    {
        var attribute = new PeerEndPointTransformationAttribute();
        if (expected is null)
        {
            Assert.Throws<ArgumentTransformationMetadataException>(() => attribute.Transform(null!, text));
            return;
        }

        EndPoint peer = Assert.Single(Assert.IsType<EndPoint[]>(attribute.Transform(null!, text)));
        Assert.Equal(expected, peer is DnsEndPoint name ? $"{name.Host}:{name.Port}" : peer.ToString());
    }

    [Theory]
    [MemberData(nameof(Rates))]
    public void Rates_are_parsed_as_in_the_command(string text, long? expected)
    {
        var attribute = new ByteRateTransformationAttribute();
        if (expected is null)
            Assert.Throws<ArgumentTransformationMetadataException>(() => attribute.Transform(null!, text));
        else
            Assert.Equal(expected, attribute.Transform(null!, text));
    }

    [Theory]
    [MemberData(nameof(UnusableHosts))]
    public void Addresses_with_unusable_hosts_are_refused(string host)
    {
        foreach (bool isOfBrowser in (bool[])[false, true])
        {
            var trackers = new TrackerTierTransformationAttribute { AllowBrowserTracker = isOfBrowser };
            Assert.Throws<ArgumentTransformationMetadataException>(() => trackers.Transform(null!, $"http://{host}/announce"));
            Assert.Throws<ArgumentTransformationMetadataException>(() => trackers.Transform(null!, new Uri($"udp://{host}:1")));
        }

        Assert.Throws<ArgumentTransformationMetadataException>(() => new PeerEndPointTransformationAttribute().Transform(null!, $"{host}:6881"));
    }

    /// <summary>As PowerShell passes a number written without quotes.</summary>
    [Fact]
    public void A_number_is_a_rate_too() => Assert.Equal(1L, new ByteRateTransformationAttribute().Transform(null!, 0.7));

    [Theory]
    [MemberData(nameof(Networks))]
    public void Networks_are_accepted_as_by_the_command(string text, bool isTaken) => AssertTaken(new ValidateNetworkAttribute(), text, isTaken);

    [Theory]
    [MemberData(nameof(WebAddresses))]
    public void Web_addresses_are_accepted_as_by_the_command(string text, bool isTaken) => AssertTaken(new ValidateWebAddressAttribute(), text, isTaken);

    private static void AssertTaken(ValidateEnumeratedArgumentsAttribute attribute, string text, bool isTaken)
    {
        MethodInfo validate = attribute.GetType().GetMethod("ValidateElement", BindingFlags.Instance | BindingFlags.NonPublic)!;
        if (isTaken)
        {
            validate.Invoke(attribute, [text]);
            return;
        }

        Assert.IsType<ValidationMetadataException>(Assert.Throws<TargetInvocationException>(() => validate.Invoke(attribute, [text])).InnerException);
    }

    [Theory]
    [MemberData(nameof(AnnouncedAddresses))]
    public void Announced_addresses_are_accepted_as_by_the_command(string text, string? expected) =>
        AssertTaken(new AnnouncedAddressTransformationAttribute(), text, expected);

    [Theory]
    [MemberData(nameof(TrafficClasses))]
    public void Traffic_classes_are_accepted_as_by_the_command(string text, int? expected)
    {
        string? written = expected is { } value ? new TrafficClass(value).ToString() : null;
        AssertTaken(new TrafficClassTransformationAttribute(), text, written);
    }

    private static void AssertTaken(ArgumentTransformationAttribute attribute, string text, string? expected)
    {
        if (expected is null)
            Assert.Throws<ArgumentTransformationMetadataException>(() => attribute.Transform(null!, text));
        else
            Assert.Equal(expected, $"{attribute.Transform(null!, text)}");
    }
}
