namespace TorrentPS.Tests;

public sealed class PowerShellProgramTests
{
    private static readonly string s_assembly = typeof(PowerShellProgramTests).Assembly.Location;

    [Fact]
    public void The_PowerShell_of_the_variable_comes_first()
    {
        PowerShellProgram program = PowerShellProgram.Choose("/opt/pwsh", s_assembly);
        Assert.Equal("/opt/pwsh -NoProfile -NonInteractive", program.ToString());
        Assert.False(program.IsOptional);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void The_packaged_PowerShell_is_run_by_the_dotnet_of_the_tests(string? named)
    {
        PowerShellProgram program = PowerShellProgram.Choose(named, s_assembly);
        string[] words = program.ToString().Split($" {s_assembly} ");
        Assert.Equal("-NoProfile -NonInteractive", words[1]);
        Assert.True(File.Exists(words[0]), words[0]);
        Assert.False(program.IsOptional);
    }

    [Fact]
    public void Without_the_package_the_PowerShell_in_the_path_is_used()
    {
        PowerShellProgram program = PowerShellProgram.Choose(null, s_assembly + ".none");
        Assert.Equal("pwsh -NoProfile -NonInteractive", program.ToString());
        Assert.True(program.IsOptional);
    }
}
